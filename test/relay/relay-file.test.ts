import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ConfigFileError } from '@ringest/core';
import { loadRelayFile } from '@ringest/relay';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';

const GLOBAL = `[Global]
Ingest-Secret = upstream
Cleartext-Backend-Target=10.0.0.1:4023
Ingest-Cache-Path=/var/lib/cache
Cache-Mode=always
`;

function load(text: string) {
  const path = join(temporaryDirectory(), 'federator.conf');
  writeFileSync(path, text);
  return loadRelayFile(path, { writeUuid: false, environment: {} });
}

describe('the file of a federator', () => {
  it('has the indexers, and a listener in each of its sections', () => {
    const { listeners, muxer, warnings } = load(`${GLOBAL}
[IngestListener "enclaveA"]
	Ingest-Secret = CustomSecrets
	TLS-Bind = 0.0.0.0:4024
	TLS-Certfile = /etc/cert.pem
	TLS-Keyfile = /etc/key.pem
	Tags=windows
	Tags=syslog-*

[IngestListener "enclaveB"]
	Ingest-Secret = OtherIngestSecrets
	Cleartext-Bind = 0.0.0.0:4023
	Pipe-Bind = /run/relay.sock
	Tenant = acme
`);
    expect(muxer).toMatchObject({
      secret: 'upstream',
      targets: ['tcp://10.0.0.1:4023'],
      cache: { path: '/var/lib/cache', mode: 'always' },
    });
    expect(warnings).toEqual([]);
    expect(listeners).toEqual([
      {
        name: 'enclaveA',
        listen: ['tls://0.0.0.0:4024'],
        secret: 'CustomSecrets',
        tls: { cert: '/etc/cert.pem', key: '/etc/key.pem' },
        tags: ['windows', 'syslog-*'],
      },
      {
        name: 'enclaveB',
        listen: ['tcp://0.0.0.0:4023', 'pipe:///run/relay.sock'],
        secret: 'OtherIngestSecrets',
        tenants: ['acme'],
      },
    ]);
  });

  it('may name a file for the secret of a listener, and limit its tags', () => {
    const secrets = join(temporaryDirectory(), 'secret');
    writeFileSync(secrets, 'from a file\nnot this\n');
    const { listeners } = load(
      `${GLOBAL}[IngestListener "x"]\nIngest-Secret-File=${secrets}\nCleartext-Bind=a:1\nMax-Tags=9\n`,
    );
    expect(listeners).toEqual([
      { name: 'x', listen: ['tcp://a:1'], secret: 'from a file', maxTags: 9 },
    ]);
  });

  it('warns of keys that have no effect', () => {
    const { warnings } = load(`${GLOBAL}Log-File=/tmp/x.log\nConnection-Timeout=5s\n`);
    expect(warnings).toEqual([
      expect.stringContaining('Log-File'),
      expect.stringContaining('Connection-Timeout'),
    ]);
  });

  it.each([
    ['without a secret', 'Cleartext-Bind=a:1', /Ingest-Secret.*missing/],
    [
      'whose secret is in no file',
      'Ingest-Secret-File=/nowhere\nCleartext-Bind=a:1',
      /IngestListener "x".*Ingest-Secret-File.*ENOENT/,
    ],
    ['that listens nowhere', 'Ingest-Secret=x', /listens nowhere/],
    ['with TLS and no key', 'Ingest-Secret=x\nTLS-Bind=a:1\nTLS-Certfile=c', /TLS-Keyfile/],
    ['with a key and no TLS', 'Ingest-Secret=x\nCleartext-Bind=a:1\nTLS-Keyfile=c', /TLS-Bind/],
    ['with a key that is not known', 'Ingest-Secret=x\nBind=a:1', /not known/],
  ])('cannot have a listener %s', (_what, keys, message) => {
    const text = `${GLOBAL}[IngestListener "x"]\n${keys}\n`;
    expect(() => load(text)).toThrow(ConfigFileError);
    expect(() => load(text)).toThrow(message);
  });
});
