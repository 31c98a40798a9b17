import { createPrivateKey } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type ConnectionOptions, connect as connectTls } from 'node:tls';
import { inspect } from 'node:util';
import { type CertificateAndKey, CertificateAuthority, selfSigned } from '@ringest/bench/shared';
import { type IndexerTls, InvalidOptionError } from '@ringest/indexer';
import { beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import { arrived, holdClock } from '../support/indexer-clock.js';
import { IngesterClient } from '../support/ingester-client.js';
import { lightChallenges } from '../support/light-challenges.js';
import { type LogLine, newIndexer, startIndexer } from '../support/listening.js';
import { SECRET } from '../support/muxer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';

const LISTEN = 'tls://127.0.0.1:0';
const HOSTS = ['127.0.0.1'];

let authority: CertificateAuthority;
let certificate: CertificateAndKey;
let other: CertificateAndKey;

beforeAll(async () => {
  authority = await CertificateAuthority.create();
  certificate = await authority.issue({ hosts: HOSTS });
  other = await authority.issue({ hosts: HOSTS });
});

async function connectHot(address: string, tls: ConnectionOptions = {}): Promise<void> {
  lightChallenges();
  const trust = { ca: authority.certificate, ...tls };
  const { client } = await IngesterClient.hot(address, SECRET, ['test'], { tls: trust });
  onTestFinished(() => client.destroy());
}

function endpoint(address: string) {
  return { host: '127.0.0.1', port: Number(new URL(address).port) };
}

/** Why the indexer let nobody in. */
async function loggedError(logs: readonly LogLine[]) {
  await eventually(() => expect(failures(logs)).toHaveLength(1));
  const [line] = failures(logs);
  expect(line?.ingester).toMatch(/^127\.0\.0\.1:\d+$/);
  return line?.err;
}

function failures(logs: readonly LogLine[]): readonly LogLine[] {
  return logs.filter(({ err }) => err !== undefined);
}

describe('an indexer with a certificate', () => {
  it('has it in text or in files', async () => {
    const directory = temporaryDirectory();
    const files = { cert: join(directory, 'cert.pem'), key: join(directory, 'key.pem') };
    writeFileSync(files.cert, certificate.cert);
    writeFileSync(files.key, certificate.key);
    for (const tls of [certificate, files]) {
      const { address } = await startIndexer({ listen: LISTEN, tls });
      await connectHot(address);
    }
  });

  it('listens on tls when the address has no scheme', async () => {
    const { address } = await startIndexer({ listen: '127.0.0.1:0', tls: certificate });
    expect(address).toMatch(/^tls:/);
    await connectHot(address);
  });

  it('speaks TLS 1.2 and 1.3, and nothing older', async () => {
    const { address, logs } = await startIndexer({ listen: LISTEN, tls: certificate });
    await connectHot(address, { maxVersion: 'TLSv1.2' });
    await connectHot(address, { minVersion: 'TLSv1.3' });
    const old = { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL@SECLEVEL=0' } as const;
    const socket = connectTls({ ...endpoint(address), ca: authority.certificate, ...old });
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: expect.stringMatching(/PROTOCOL_VERSION|ECONNRESET/) });
    expect(await loggedError(logs)).toMatchObject({ code: 'ERR_TLS_HANDSHAKE' });
  });

  it('loses nothing but the connection when a handshake fails', async () => {
    const { address, logs } = await startIndexer({ listen: LISTEN, tls: certificate });
    const socket = connect(endpoint(address));
    socket.on('error', () => {});
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await once(socket, 'close');
    expect(await loggedError(logs)).toMatchObject({ type: 'TlsHandshakeError' });
    await connectHot(address);
  });

  it('says so when the ingester goes away in the middle of it', async () => {
    const { address, logs } = await startIndexer({ listen: LISTEN, tls: certificate });
    const socket = connect(endpoint(address));
    await once(socket, 'connect');
    socket.resetAndDestroy();
    expect(await loggedError(logs)).toMatchObject({ type: 'TlsHandshakeError' });
  });

  it('waits once for both handshakes together, however the time is spent', async () => {
    holdClock();
    const { address, logs } = await startIndexer({ listen: LISTEN, tls: certificate });
    const silent = () =>
      connect(endpoint(address))
        .on('error', () => {})
        .resume();
    const late = silent();
    await once(late, 'connect');
    // The indexer takes connections in their order: when another one is hot, these are with it.
    await connectHot(address);
    vi.advanceTimersByTime(1000);
    const other = silent();
    const ended = silent().end();
    await once(ended, 'connect');
    await connectHot(address);
    vi.advanceTimersByTime(1000);
    const tls = connectTls({ socket: late, ca: authority.certificate, host: '127.0.0.1' });
    await once(tls.resume(), 'secureConnect');
    const { localPort } = late;
    const hello = Buffer.from('1603010200010001fc0303', 'hex');
    for (let sent = 0; sent < 10; sent++) {
      other.write(hello.subarray(sent, sent + 1));
      vi.advanceTimersByTime(299);
      await connectHot(address);
    }
    expect(failures(logs)).toEqual([]);
    // Had its time begun anew after TLS, the others would come first.
    vi.advanceTimersByTime(10);
    await arrived(() => failures(logs).length > 0);
    expect(failures(logs).map(({ ingester }) => ingester)).toEqual([`127.0.0.1:${localPort}`]);
    vi.advanceTimersByTime(1000);
    await arrived(() => failures(logs).length === 3);
    const types = failures(logs).map(({ err }) => err?.type);
    expect(new Set(types)).toEqual(new Set(['IngesterTimeoutError']));
    for (const socket of [tls, other, ended]) socket.destroy();
  });
});

describe('an indexer that asks ingesters for certificates', () => {
  const start = () =>
    startIndexer({ listen: LISTEN, tls: { ...certificate, ca: authority.certificate } });

  it('lets in those whose certificate its authority has signed', async () => {
    const { address } = await start();
    await connectHot(address, await authority.issue({ hosts: [], client: true }));
  });

  it('lets in nobody without one', async () => {
    const { indexer, address, logs } = await start();
    await expect(connectHot(address)).rejects.toThrow();
    expect(await loggedError(logs)).toMatchObject({
      type: 'TlsHandshakeError',
      message: 'the TLS handshake failed: the ingester has no certificate',
    });
    expect(indexer.stats().connections).toBe(0);
  });

  it.each([
    ['its own', () => selfSigned({ hosts: [], client: true }), 'SELF_SIGNED'],
    [
      'another authority',
      async () => (await CertificateAuthority.create()).issue({ hosts: [], client: true }),
      'UNABLE_TO',
    ],
    [
      'its authority, long ago,',
      () => authority.issue({ hosts: [], client: true, until: new Date(Date.now() - 60_000) }),
      'EXPIRED',
    ],
  ])('lets in nobody with one that %s has signed', async (_who, issue, code) => {
    const { indexer, address, logs } = await start();
    await expect(connectHot(address, await issue())).rejects.toThrow();
    expect(await loggedError(logs)).toMatchObject({
      type: 'TlsHandshakeError',
      message: expect.stringContaining(code),
    });
    expect(indexer.stats().connections).toBe(0);
  });
});

describe('an option for tls', () => {
  const protection = { cipher: 'aes-256-cbc', passphrase: 'secret' };
  const encrypted = (pem: string) =>
    createPrivateKey(pem)
      .export({ type: 'pkcs8', format: 'pem', ...protection })
      .toString();
  const encryptedOfOld = (pem: string) =>
    createPrivateKey(pem)
      .export({ type: 'sec1', format: 'pem', ...protection })
      .toString();
  const noLineEnds = (pem: string) => pem.replace(/-----.*-----|\n/g, '');

  it.each<[string, () => IndexerTls, string, string]>([
    [
      'a file that is not there',
      () => ({ ...certificate, cert: '/none' }),
      'tls.cert',
      '/none.*ENOENT',
    ],
    ['a key file that is not there', () => ({ ...certificate, key: '/none' }), 'tls.key', '/none'],
    ['no key', () => ({ ...certificate, key: '' }), 'tls.key', 'give PEM'],
    ['the key of another', () => ({ ...certificate, key: other.key }), 'tls.key', 'not the key of'],
    [
      'a certificate for a key',
      () => ({ ...certificate, key: other.cert }),
      'tls.key',
      'not a private key',
    ],
    [
      'a key for a certificate',
      () => ({ ...certificate, cert: certificate.key }),
      'tls.cert',
      'not a certificate',
    ],
    [
      'a key that has lost its first line',
      () => ({ ...certificate, key: certificate.key.slice(30) }),
      'tls.key',
      'cannot be read',
    ],
    [
      'a key on one line without its marks',
      () => ({ ...certificate, key: noLineEnds(certificate.key) }),
      'tls.key',
      'cannot be read',
    ],
    [
      'a broken key',
      () => ({ ...certificate, key: certificate.key.replace(/\n..../, '\nAAAA') }),
      'tls.key',
      'not a private key',
    ],
    [
      'an encrypted key',
      () => ({ ...certificate, key: encrypted(certificate.key) }),
      'tls.key',
      'the key is encrypted: decrypt it',
    ],
    [
      'a key that is encrypted in the old way',
      () => ({ ...certificate, key: encryptedOfOld(certificate.key) }),
      'tls.key',
      'the key is encrypted: decrypt it',
    ],
    [
      'an authority that is none',
      () => ({ ...certificate, ca: '-----BEGIN nothing' }),
      'tls.ca',
      'not a certificate',
    ],
  ])('is refused when it is %s', (_what, tls, option, problem) => {
    const create = () => newIndexer({ listen: LISTEN, tls: tls() });
    expect(create).toThrow(InvalidOptionError);
    expect(create).toThrow(new RegExp(`${option.replace('.', '\\.')} .*${problem}`));
    try {
      create();
    } catch (error) {
      const shown = inspect(error, { depth: 20, showHidden: true });
      for (const { key } of [certificate, other]) {
        for (const line of key.split('\n').filter((one) => !one.startsWith('---') && one !== '')) {
          expect(shown).not.toContain(line.slice(5, 40));
        }
      }
    }
  });

  it('is needed to listen on tls, and for nothing else', () => {
    expect(() => newIndexer({ listen: LISTEN })).toThrow(/tls is missing: .*certificate and a key/);
    const create = () => newIndexer({ listen: 'tcp://127.0.0.1:0', tls: certificate });
    expect(create).toThrow(/no address to listen on is tls/);
  });

  it('is not shown by the indexer', () => {
    const { indexer } = newIndexer({ listen: LISTEN, tls: certificate });
    const shown = inspect(indexer, { depth: 20, showHidden: true });
    expect(shown).not.toContain(noLineEnds(certificate.key).slice(0, 40));
    expect(shown).not.toContain(SECRET);
  });
});
