import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateAuthority } from '@ringest/bench/shared';
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { indexerRefusal } from '../support/indexer-refusal.js';
import { encodeFrame, IngesterClient } from '../support/ingester-client.js';
import { SECRET } from '../support/muxer.js';
import { INDEXER, NodeProcess } from '../support/node-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

let authority: CertificateAuthority;

beforeAll(async () => {
  authority = await CertificateAuthority.create();
});

function start(...args: string[]): NodeProcess {
  return new NodeProcess(INDEXER, ['--ingest-secret', SECRET, ...args]);
}

/** The addresses that it announces, once there are so many. */
async function addresses(cli: NodeProcess, count: number): Promise<string[]> {
  await cli.says('stdout', new RegExp(`(?:^listening on .*\n){${count}}`, 'm'));
  return Array.from(cli.stdout.matchAll(/^listening on (\S+)$/gm), ([, address]) => `${address}`);
}

async function ingest(address: string, options: Parameters<typeof IngesterClient.hot>[3] = {}) {
  const { client, tags } = await IngesterClient.hot(address, SECRET, ['test'], options);
  onTestFinished(() => client.destroy());
  client.write(encodeFrame(1, { timestamp: 0, tag: tags.get('test') as number, data: 'data' }));
  client.socket.end();
  expect(await client.confirmedUntilEnd()).toEqual([1]);
}

/** The files of a certificate, its key and the authority. */
async function certificateFiles() {
  const directory = temporaryDirectory();
  const { cert, key } = await authority.issue({ hosts: ['127.0.0.1'] });
  const write = (name: string, text: string) => {
    const path = join(directory, name);
    writeFileSync(path, text);
    return path;
  };
  return {
    cert: write('cert.pem', cert),
    key: write('key.pem', key),
    ca: write('ca.pem', authority.certificate),
  };
}

describe('ringest-indexer', () => {
  it('listens on all addresses that it is told, and announces each', async () => {
    const { cert, key } = await certificateFiles();
    const path = join(temporaryDirectory(), 'indexer.sock');
    const cli = start(
      ...['--listen', 'tcp://127.0.0.1:0', '--listen', '127.0.0.1:0', '--unix', path],
      ...['--tls-cert', cert, '--tls-key', key],
    );
    const announced = await addresses(cli, 3);
    expect(announced.map((address) => address.split(':')[0])).toEqual(['tcp', 'tls', 'pipe']);
    for (const address of announced) await ingest(address, { tls: { ca: authority.certificate } });
    expect(await cli.end('SIGTERM')).toBe(0);
    expect(cli.stdout).toContain('3 entries with 12 bytes of data, 3 connections\n');
    expect(existsSync(path)).toBe(false);
  });

  it('listens on nothing but a pipe when that is all it is told', async () => {
    const path = join(temporaryDirectory(), 'indexer.sock');
    const cli = start('--unix', path);
    expect(await addresses(cli, 1)).toEqual([`pipe://${path}`]);
    await ingest(`pipe://${path}`);
    expect(await cli.end('SIGTERM')).toBe(0);
    expect(cli.stdout.match(/listening on/g)).toHaveLength(1);
  });

  it('lets in those with a certificate alone when it has an authority', async () => {
    const { cert, key, ca } = await certificateFiles();
    const tls = ['--tls-cert', cert, '--tls-key', key, '--tls-ca', ca];
    const cli = start('--listen', '127.0.0.1:0', ...tls);
    const [address = ''] = await addresses(cli, 1);
    const trust = { ca: authority.certificate };
    await expect(ingest(address, { tls: trust })).rejects.toThrow();
    const own = await authority.issue({ hosts: [], client: true });
    await ingest(address, { tls: { ...trust, ...own } });
    await cli.says('stderr', /"ingester":"127\.0\.0\.1:\d+".*the TLS handshake failed/);
    expect(cli.stderr).toContain('the ingester has no certificate');
    expect(cli.stderr).not.toMatch(/SSL routines/);
  });

  it('lets in the tenants that it is told, and counts them', async () => {
    const cli = start('--listen', '127.0.0.1:0', '--tenant', 'acme', '--tenant', 'globex');
    const [address = ''] = await addresses(cli, 1);
    await ingest(address, { tenant: 'acme' });
    await ingest(address, { tenant: 'globex' });
    await expect(ingest(address, { tenant: 'initech' })).rejects.toThrow();
    expect(await cli.end('SIGTERM')).toBe(0);
    expect(cli.stdout).toContain('  tenant acme: 1\n  tenant globex: 1\n');
    expect(cli.stderr).toContain('an ingester with the tenant \\"initech\\" may not ingest');
  });

  it('drops those that say nothing when there are too many', async () => {
    const cli = start('--listen', '127.0.0.1:0', '--max-unauthenticated', '1');
    const [address = ''] = await addresses(cli, 1);
    const clients = [await IngesterClient.connect(address), await IngesterClient.connect(address)];
    for (const client of clients) onTestFinished(() => client.destroy());
    expect((await clients[0]?.next())?.kind).toBe('challenge');
    expect(await clients[0]?.next()).toBeUndefined();
    await cli.says('stderr', /more than 1 unauthenticated connections/);
  });

  it.each([
    ['a certificate without a key', ['--tls-cert', 'c.pem'], '--tls-key is missing'],
    ['a key without a certificate', ['--tls-key', 'k.pem'], '--tls-cert is missing'],
    ['an authority alone', ['--tls-ca', 'a.pem'], '--tls-cert'],
    [
      'files that are not there',
      ['--tls-cert', '/none', '--tls-key', '/none'],
      '--tls-cert /none: the file cannot be read (ENOENT)',
    ],
    ['tls without a certificate', ['--listen', 'tls://127.0.0.1:0'], 'tls://'],
    ['a path that is too long', ['--unix', `/${'x'.repeat(107)}`], 'at most 107 bytes'],
    ['an empty tenant', ['--tenant', ''], '--tenant: a name has'],
    ['pauses that are too long', ['--throttle', '9s'], '--throttle 9000: give a number'],
    ['a tag that is none', ['--refuse-tag', 'a b'], '--refuse-tag a b: '],
    ['no room at all', ['--max-unauthenticated', '0'], 'a whole number from 1'],
  ])('refuses %s with a clear error', async (_what, args, message) => {
    const said = await indexerRefusal('--ingest-secret', SECRET, ...args);
    expect(said).toContain(message);
    expect(said).not.toContain('cannot be undefined');
  });
});
