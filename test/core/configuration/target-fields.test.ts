import { createPrivateKey } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { type CertificateAndKey, CertificateAuthority } from '@ringest/bench/shared';
import {
  ConfigurationError,
  IngestMuxer,
  InvalidTlsError,
  type MuxerConfiguration,
} from '@ringest/core';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { hotMuxer } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const SECRET = 'Sup3rSecretWord';
const TLS = 'tls://127.0.0.1:1';

let one: CertificateAndKey;
let two: CertificateAndKey;

beforeAll(async () => {
  const authority = await CertificateAuthority.create();
  one = await authority.issue({ hosts: [], client: true });
  two = await authority.issue({ hosts: [], client: true });
});

function problem(given: Partial<MuxerConfiguration>): ConfigurationError {
  try {
    new IngestMuxer({ targets: ['tcp://127.0.0.1:1'], secret: SECRET, ...given });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigurationError);
    return error as ConfigurationError;
  }
  throw new Error('it was accepted');
}

function file(content: string): string {
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, content);
  return path;
}

function setVariable(name: string, value: string): void {
  process.env[name] = value;
  onTestFinished(() => {
    delete process.env[name];
  });
}

describe('an address', () => {
  it.each([
    ['nowhere', 'write scheme://address'],
    ['tcp://a://b', 'write scheme://address'],
    ['udp://127.0.0.1:4023', "'udp' is not a connection type: use tcp, tls or pipe"],
    ['tls://', 'write it as tls://host:port'],
    ['tls://host:port', 'write it as tls://host:port'],
    ['tcp://user@host', "'tcp://…@host' is not a target: it cannot name a user"],
    ['tls://user:word@host:1', "'tls://…@host:1' is not a target: it cannot name a user"],
    ['tcp://host?a', 'write it as tcp://host:port'],
    ['tcp://host#a', 'write it as tcp://host:port'],
    ['tcp://a\\b', 'write it as tcp://host:port'],
    ['tls://::1', 'put an IPv6 address in brackets'],
    ['tcp://::1:4024', 'put an IPv6 address in brackets'],
    ['pipe://', 'write the path of a socket'],
    ['pipe:///a\0b', 'write the path of a socket'],
    [`pipe:///${'x'.repeat(107)}`, 'at most 107 bytes'],
  ])('%j is refused', (address, text) => {
    for (const target of [address, { address }]) {
      const error = problem({ targets: ['tcp://127.0.0.1:1', target] });
      expect(error.field).toBe('targets.1');
      expect(error.message).toContain(text);
    }
  });

  it('may have its scheme in any case, and its port left out', () => {
    const addresses = [
      'TCP://h',
      'Tls://h',
      'PIPE:///run/x',
      'tls://[::1]:9',
      `pipe:///${'x'.repeat(106)}`,
    ];
    const muxer = new IngestMuxer({ targets: addresses, secret: SECRET });
    const shown = muxer.status().targets.map(({ target }) => target);
    expect(shown.slice(0, 4)).toEqual(['tcp://h', 'tls://h', 'pipe:///run/x', 'tls://[::1]:9']);
  });
});

describe('a secret', () => {
  it.each([
    ['a file', () => ({ file: file(`${SECRET}\n`) })],
    ['a file of another system', () => ({ file: file(`${SECRET}\r\n`) })],
    ['the environment', () => ({ env: 'RINGEST_TEST_SECRET' })],
  ])('may come from %s', async (_where, input) => {
    setVariable('RINGEST_TEST_SECRET', SECRET);
    const indexer = await ScriptedIndexer.listen({ secret: SECRET });
    await hotMuxer({ targets: [indexer.address], secret: input() });
  });

  it('may be another one for each target, and then none for all', async () => {
    const first = await ScriptedIndexer.listen({ secret: 'first' });
    const second = await ScriptedIndexer.listen({ secret: 'second' });
    const targets = [
      { address: first.address, secret: 'first' },
      { address: second.address, secret: { file: file('second') } },
    ];
    const muxer = await hotMuxer({ targets, secret: undefined });
    while (muxer.hot() < 2) await new Promise(setImmediate);
  });

  it('that is not where it should be is an error that says where, and nothing more', () => {
    const nowhere = join(temporaryDirectory(), 'nothing');
    expect(problem({ secret: { file: nowhere } }).message).toContain(`${nowhere} cannot be read`);
    expect(problem({ secret: { file: file('\n') } }).message).toContain('is empty');
    expect(problem({ secret: { env: 'RINGEST_NO_SUCH' } }).message).toContain('RINGEST_NO_SUCH');
    const targets = ['tcp://h', { address: 'tcp://h', secret: { env: 'RINGEST_NO_SUCH' } }];
    expect(problem({ targets }).field).toBe('targets.1.secret');
    expect(problem({ secret: undefined }).field).toBe('secret');
  });
});

describe('the tls of a configuration', () => {
  it('is refused where it cannot work, by its field, and never shows a key', () => {
    const bundle = [one.cert, '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'];
    const encrypted = createPrivateKey(one.key).export({
      ...{ type: 'pkcs8', format: 'pem' },
      ...{ cipher: 'aes-256-cbc', passphrase: 'x' },
    });
    const keyless = one.key.replaceAll(/-----.*-----/g, '').trim();
    const cases: [NonNullable<MuxerConfiguration['tls']>, string, string][] = [
      [{ ca: '/no/such/file' }, 'ca', 'ENOENT'],
      [{ ca: file('nothing') }, 'ca', 'no certificate'],
      [{ ca: bundle.join('') }, 'ca', 'one of its 2 parts is not a certificate'],
      [{ cert: one.cert, key: `${encrypted}` }, 'key', 'decrypt it'],
      [
        { ca: ['-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n'] },
        'ca',
        'not a certi',
      ],
      [{ cert: one.cert }, 'key', 'needs its private key'],
      [{ key: one.key }, 'cert', 'needs its certificate'],
      [{ cert: one.cert, key: two.key }, 'key', 'not the key of the certificate'],
      [{ cert: one.cert, key: one.cert }, 'key', 'not a private key'],
      [{ cert: one.cert, key: keyless }, 'key', 'path of a file that can be read'],
      [{ cert: one.key, key: one.key }, 'cert', 'not a certificate'],
    ];
    for (const [tls, field, text] of cases) {
      const error = problem({ targets: [TLS], tls });
      expect(error.field).toBe(`tls.${field}`);
      expect(error.cause).toBeInstanceOf(InvalidTlsError);
      expect(error.cause).toMatchObject({ field });
      expect(error.message).toContain(text);
      const everything = inspect(error, { depth: 20, showHidden: true });
      expect(everything).not.toContain(keyless.slice(0, 30));
      const own = problem({ targets: [{ address: TLS, tls }] });
      expect(own.field).toBe(`targets.0.tls.${field}`);
    }
  });

  it('that a target has of its own goes before that of all, field by field', () => {
    const tls = { cert: one.cert, key: one.key };
    const both = [{ address: TLS, tls: { cert: two.cert, key: two.key } }, TLS];
    new IngestMuxer({ targets: both, secret: SECRET, tls });
    const error = problem({ targets: [{ address: TLS, tls: { key: two.key } }], tls });
    expect(error.message).toContain('not the key');
  });

  it('that a target has of its own as undefined hides no default', () => {
    const own = { address: TLS, tls: { key: undefined } };
    new IngestMuxer({ targets: [own], secret: SECRET, tls: { cert: one.cert, key: one.key } });
  });

  it('is refused on a target that is no tls://', () => {
    const targets = [{ address: 'tcp://h', tls: { insecureSkipVerify: true } }];
    expect(problem({ targets }).message).toContain('only a tls:// target');
  });

  it.each([
    ['a tenant that is too long', 'tenant', { tenant: 'x'.repeat(513) }],
    ['a compression that there is not', 'compression', { compression: 'zip' }],
    ['a field that there is not', 'tls.verify', { tls: { verify: false } }],
    ['an empty servername', 'tls.servername', { tls: { servername: '' } }],
    ['no authority', 'tls.ca', { tls: { ca: [] } }],
    ['tls where no target has it', 'tls', { tls: {} }],
    [
      'an authority that nothing is verified with',
      'tls.insecureSkipVerify',
      { tls: { ca: 'x', insecureSkipVerify: true } },
    ],
  ])('and the rest: %s is refused', (_what, field, given) => {
    expect(problem(given as Partial<MuxerConfiguration>).field).toBe(field);
  });
});
