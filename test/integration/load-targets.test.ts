import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CertificateAuthority } from '@ringest/bench/shared';
import { Indexer, type IndexerOptions } from '@ringest/indexer';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { loadFailure, loadHere } from '../support/load-here.js';
import { INDEXER, LOAD, NodeProcess } from '../support/node-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { eventually } from '../support/waiting.js';

const SECRET = 'Sup3rSecretWord';

function fileWith(text: string): string {
  const path = join(temporaryDirectory(), 'file');
  writeFileSync(path, text);
  return path;
}

/** An indexer in this process, and its addresses without their schemes. */
async function startIndexer(options: Partial<IndexerOptions> = {}) {
  const indexer = new Indexer({ listen: 'tcp://127.0.0.1:0', secret: SECRET, ...options });
  onTestFinished(() => indexer.close());
  await indexer.listen();
  const addresses = indexer.addresses.map((address) => address.replace(/^\w+:\/\//, ''));
  return { indexer, addresses };
}

/** An indexer whose certificate is vouched for by an authority of its own. */
async function startSecureIndexer(hosts: readonly string[]) {
  const authority = await CertificateAuthority.create();
  const tls = await authority.issue({ hosts });
  const started = await startIndexer({ listen: 'tls://127.0.0.1:0', tls });
  return { ...started, ca: fileWith(authority.certificate) };
}

const succeed = (...flags: string[]) =>
  loadHere<Record<string, unknown>>('--entry-count', '1000', ...flags);

/** A load that would try again would do so for longer than a test may take. */
const fail = (...flags: string[]) =>
  loadFailure('--entry-count', '1000', '--timeout', '10m', ...flags);

describe('the flags of a load', () => {
  it.each([
    [
      'an embedded indexer beside others',
      ['--transport', 'tls', '--clear-conns', '127.0.0.1:1'],
      /--transport cannot be used with --clear-conns: it says how an embedded indexer is reached/,
    ],
    [
      'an embedded indexer beside others on sockets',
      ['--pipe-conns', '/tmp/none', '--transport', 'pipe'],
      /--transport cannot be used with --pipe-conns: /,
    ],
    ['a transport that is none', ['--transport', 'udp'], /Allowed choices are tcp, tls, pipe/],
    [
      'a content that is none',
      ['--content', 'xml'],
      /Allowed choices are random, text, lines, syslog, json, csv, evs, mixed/,
    ],
    [
      'an authority for nobody',
      ['--transport', 'tls', '--tls-ca', '/dev/null'],
      /--tls-ca is about --tls-conns, of which there are none/,
    ],
    [
      'to skip the verification of nobody',
      ['--clear-conns', '127.0.0.1:1', '--insecure-no-tls-validate'],
      /--insecure-no-tls-validate is about --tls-conns/,
    ],
    [
      'to verify and not to',
      ['--tls-conns', '127.0.0.1:1', '--insecure-no-tls-validate', '--tls-ca', '/dev/null'],
      /--insecure-no-tls-validate cannot be used with --tls-ca: one says to verify no/,
    ],
    [
      'an authority that is not there',
      ['--tls-conns', '127.0.0.1:1', '--tls-ca', '/nowhere/ca.pem'],
      /tls\.ca.*ENOENT/,
    ],
    [
      'an authority that is none',
      ['--tls-conns', '127.0.0.1:1', '--tls-ca', '/dev/null'],
      /tls\.ca.*no certificate/,
    ],
    [
      'a certificate for nobody',
      ['--tls-cert', '/dev/null', '--tls-key', '/dev/null'],
      /--tls-cert is about --tls-conns, of which there are none/,
    ],
    [
      'a certificate without a key',
      ['--tls-conns', '127.0.0.1:1', '--tls-cert', '/dev/null'],
      /--tls-cert takes a --tls-key/,
    ],
    [
      'a key without a certificate',
      ['--tls-conns', '127.0.0.1:1', '--tls-key', '/dev/null'],
      /--tls-key takes a --tls-cert/,
    ],
    ['no time at all', ['--duration', '0s'], /--duration.*more than 0/],
    ['no patience at all', ['--timeout', '0s'], /--timeout.*more than 0/],
    ['a path that is empty', ['--pipe-conns', '/tmp/none,'], /targets\.1/],
    ['an address with a scheme', ['--tls-conns', 'tls://127.0.0.1:1'], /tls:\/\/127\.0\.0\.1:1/],
  ])('do not allow %s', async (_what, flags, message) => {
    expect(await fail(...flags)).toMatch(message);
  });
});

describe('a load', () => {
  it('goes to indexers by all transports at once', async () => {
    const authority = await CertificateAuthority.create();
    const { indexer, addresses } = await startIndexer({
      listen: [
        'tcp://127.0.0.1:0',
        'tls://127.0.0.1:0',
        `pipe://${temporaryDirectory()}/indexer.sock`,
      ],
      tls: await authority.issue({ hosts: ['127.0.0.1'] }),
    });
    const [tcp, tls, pipe] = addresses as [string, string, string];
    const report = await succeed(
      ...['--clear-conns', tcp, '--tls-conns', tls, '--pipe-conns', pipe],
      ...['--tls-ca', fileWith(authority.certificate), '--ingest-secret', SECRET],
      ...['--entry-count', '20000', '--ring-bytes', '65536'],
    );
    expect(report).toMatchObject({ lost: 0, transports: ['tcp', 'tls', 'pipe'] });
    expect(indexer.stats()).toMatchObject({ connections: 3, entries: 20_000 });
  });

  it.each([
    ['an authority that it does not know', ['127.0.0.1'], false],
    ['a certificate for another host', ['indexer.example'], true],
  ])('ends at once for %s, and has shown nothing', async (_what, hosts, isKnown) => {
    const { indexer, addresses, ca } = await startSecureIndexer(hosts);
    const trust = isKnown ? ['--tls-ca', ca] : [];
    const message = await fail(
      ...['--tls-conns', `${addresses[0]}`, '--ingest-secret', SECRET, ...trust],
    );
    expect(message).toMatch(/^tls:.*certificate/);
    expect(message).not.toContain(SECRET);
    expect(indexer.stats()).toMatchObject({ connections: 0, entries: 0 });
  });

  it('takes any certificate when it is told to, with a warning', async () => {
    const { addresses } = await startSecureIndexer(['indexer.example']);
    const flags = ['--tls-conns', `${addresses[0]}`, '--insecure-no-tls-validate'];
    const count = ['--entry-count', '100', '--ingest-secret', SECRET];
    const run = new NodeProcess(LOAD, [...flags, ...count]);
    expect(await run.end(), run.stderr).toBe(0);
    expect(run.stderr).toMatch(/^load: certificates are not verified/);
  });

  it('shows its certificate to an indexer that asks for one', async () => {
    const authority = await CertificateAuthority.create();
    const own = await authority.issue({ hosts: ['127.0.0.1'] });
    const client = await authority.issue({ hosts: [], client: true });
    const ca = fileWith(authority.certificate);
    const indexer = new NodeProcess(INDEXER, [
      ...['--listen', '127.0.0.1:0', '--ingest-secret', SECRET, '--json', '--tls-ca', ca],
      ...['--tls-cert', fileWith(own.cert), '--tls-key', fileWith(own.key)],
    ]);
    const [, address = ''] = await indexer.says('stderr', /^listening on tls:\/\/(\S+)\n/m);
    const common = ['--tls-conns', address, '--tls-ca', ca, '--ingest-secret', SECRET];
    const certificate = ['--tls-cert', fileWith(client.cert), '--tls-key', fileWith(client.key)];
    await succeed(...common, ...certificate);
    expect(await fail(...common)).toMatch(/^tls:/);
    expect(await indexer.end('SIGTERM')).toBe(0);
    expect(indexer.lastJson()).toMatchObject({ connections: 1, entries: 1000 });
    expect(indexer.stderr).toContain('the ingester has no certificate');
  });

  it('is let in for its tenant only', async () => {
    const { indexer, addresses } = await startIndexer({ tenants: ['acme'] });
    const common = ['--clear-conns', `${addresses[0]}`, '--ingest-secret', SECRET];
    expect(await fail(...common)).toMatch(/^tcp:.*tenant/);
    expect(await fail(...common, '--ingest-tenant', 'other')).toMatch(/^tcp:.*tenant/);
    await succeed(...common, '--ingest-tenant', 'acme');
    expect(indexer.stats()).toMatchObject({ connections: 1, entries: 1000 });
  });
});

describe('the socket of an embedded indexer', () => {
  it.each<[string, NodeJS.Signals | undefined]>([
    ['at the end', undefined],
    ['after an interrupt', 'SIGINT'],
    ['after the load was killed', 'SIGKILL'],
  ])('is gone %s', async (_when, signal) => {
    const path = temporaryDirectory();
    vi.stubEnv('TMPDIR', path);
    onTestFinished(() => {
      vi.unstubAllEnvs();
    });
    const args = ['--transport', 'pipe', '--status', '--json'];
    const length = signal === undefined ? ['--entry-count', '1000'] : ['--duration', '60s'];
    const run = new NodeProcess(LOAD, [...args, ...length]);
    if (signal === undefined) {
      expect(await run.end(), run.stderr).toBe(0);
      expect(readdirSync(path)).toEqual([]);
      return;
    }
    await eventually(() => expect(readdirSync(path)).toHaveLength(1));
    // It listens there.
    const [name = ''] = readdirSync(path);
    const socket = join(path, name, 'indexer.sock');
    await eventually(() => expect(existsSync(socket)).toBe(true));
    await run.end(signal);
    await eventually(() => expect(readdirSync(path)).toEqual([]));
  });
});
