import { EntrySource, type LoadContents } from '@ringest/bench/shared';
import { Compression, Source } from '@ringest/codec';
import { Indexer } from '@ringest/indexer';
import { describe, expect, it, onTestFinished } from 'vitest';
import { loadHere } from '../support/load-here.js';
import { LOAD, NodeProcess, startIndexer } from '../support/node-process.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { eventually } from '../support/waiting.js';

interface Report {
  entries: number;
  bytes: number;
  seconds: number;
  entriesPerSecond: number;
  megabytesPerSecond: number;
  cpuSeconds: number;
  maxRssBytes: number;
  ackLatencyMs: { p50: number; p90: number; p99: number; max: number };
  lanes: { target: string; entries: number; reconnects: number }[];
  received?: number;
  lost: number;
  resent: number;
  duplicated?: number;
  digest?: string;
  digestMatches?: boolean;
}

type Contents = Pick<LoadContents, 'seed' | 'entryBytes' | 'batch'>;

const load = (...flags: string[]) => loadHere<Report>(...flags);

const sum = (lanes: Report['lanes']) => lanes.reduce((total, { entries }) => total + entries, 0);

/** The digests of a load of `count` entries that began in one of these seconds. */
function digestsOf(contents: Contents, count: number, from: number, to: number): string[] {
  const source = Source.parse('127.0.0.1');
  const seconds = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  return seconds.map((startSeconds) =>
    new EntrySource({ ...contents, tags: [0], source, startSeconds }).digest('sha256', count),
  );
}

const now = () => Math.floor(Date.now() / 1000);

describe('a load on an embedded indexer', () => {
  it('reports every field, of its type, with nothing lost, doubled or altered', async () => {
    const report = await load('--entry-count', '10000', '--entry-size', '100', '--digest');
    const number = expect.any(Number);
    expect(report).toEqual({
      entries: 10_000,
      bytes: 1_000_000,
      seconds: number,
      entriesPerSecond: number,
      megabytesPerSecond: number,
      transports: ['tcp'],
      compressionAsked: 'none',
      compression: 'none',
      wireBytes: number,
      cpuSeconds: number,
      maxRssBytes: number,
      ackLatencyMs: {
        samples: number,
        mean: number,
        p50: number,
        p90: number,
        p99: number,
        max: number,
      },
      lanes: [
        {
          target: expect.stringMatching(/^tcp:\/\/127\.0\.0\.1:\d+$/),
          entries: 10_000,
          reconnects: 0,
          compression: 'none',
        },
      ],
      received: 10_000,
      lost: 0,
      resent: 0,
      duplicated: 0,
      foreign: 0,
      tags: { default: 10_000 },
      tenants: {},
      digest: expect.stringMatching(/^[0-9a-f]{32}$/),
      digestMatches: true,
    });
    expect(report.entriesPerSecond).toBeCloseTo(10_000 / report.seconds, 3);
    expect(report.megabytesPerSecond).toBeCloseTo(1 / report.seconds, 6);
    expect(report.cpuSeconds).toBeGreaterThan(0);
    expect(report.maxRssBytes).toBeGreaterThan(0);
    const { p50, p90, p99, max } = report.ackLatencyMs;
    expect([p50, p90, p99, max]).toEqual([p50, p90, p99, max].toSorted((a, b) => a - b));
  });

  it.each([
    ['the smallest entries', ['--entry-size', '8'], 5000],
    ['batches of one', ['--batch', '1'], 5000],
    ['batches of some hundreds', ['--batch', '300', '--entry-size', '1000'], 5000],
    ['large batches', ['--batch', '1024', '--ring-bytes', '65536'], 5000],
    ['entries larger than the ring', ['--entry-size', '100000', '--ring-bytes', '65536'], 40],
  ])('writes %s', async (_what, flags, entries) => {
    const report = await load(...flags, '--entry-count', `${entries}`, '--digest');
    expect(report).toMatchObject({ entries, received: entries, lost: 0, duplicated: 0 });
    expect(report.digestMatches).toBe(true);
  });

  it('writes for as long as it is told', async () => {
    const report = await load('--duration', '50ms', '--batch', '1024');
    expect(report.entries).toBeGreaterThan(0);
    expect(report.entries).toBe(report.received);
    expect(report).toMatchObject({ lost: 0, duplicated: 0 });
    // No digest was asked for.
    expect(report).not.toHaveProperty('digest');
    expect(report).not.toHaveProperty('digestMatches');
  });

  it('uses several connections and threads', async () => {
    const flags = ['--connections', '2', '--workers', '2', '--ring-bytes', '65536'];
    const report = await load(...flags, '--entry-count', '20000', '--digest');
    expect(report).toMatchObject({ received: 20_000, lost: 0, duplicated: 0 });
    expect(report.digestMatches).toBe(true);
    expect(report.lanes).toHaveLength(2);
    expect(sum(report.lanes)).toBe(20_000);
    for (const { entries } of report.lanes) expect(entries).toBeGreaterThan(0);
  });

  it('has a report for people before the JSON, and without --json nothing else', async () => {
    // The count is reached long before the duration.
    const flags = ['--entry-count', '12345', '--duration', '60s', '--status', '--digest'];
    const run = new NodeProcess(LOAD, flags);
    expect(await run.end()).toBe(0);
    for (const line of [
      /^entries: +12,345 in [\d.]+ s, all confirmed$/m,
      /^throughput: +[\d,]+ entries\/s, [\d.]+ MB\/s$/m,
      /^wire: +[\d.]+ MB over tcp$/m,
      /^lost: +0$/m,
      /^digest: +[0-9a-f]{32} \(equal\)$/m,
    ]) {
      expect(run.stdout).toMatch(line);
    }
    expect(run.stdout).not.toContain('{');
  });

  it('tells people how much compression saves', async () => {
    const flags = ['--transport', 'tls', '--compression', '--content', 'json'];
    const run = new NodeProcess(LOAD, [...flags, '--entry-count', '20000']);
    expect(await run.end()).toBe(0);
    expect(run.stdout).toMatch(
      /^wire: +[\d.]+ MB over tls with snappy, [\d.]+% of the data, before what TLS adds$/m,
    );
  });
});

describe('a load on other indexers', () => {
  it('is known to them to the byte', async () => {
    const { indexer, address } = await startIndexer('--listen', '127.0.0.1:0', '--digest');
    const from = now();
    const report = await load(
      ...['--clear-conns', address, '--tag-name', 'load-test', '--seed', '77'],
      ...['--entry-count', '10000', '--entry-size', '64', '--batch', '500'],
    );
    const to = now();
    expect(await indexer.end('SIGTERM')).toBe(0);
    const stats = indexer.lastJson<{ digest: string }>();
    expect(stats).toEqual({
      connections: 1,
      entries: 10_000,
      bytes: 10_000 * 64,
      digest: stats.digest,
      tags: { 'load-test': 10_000 },
      tenants: {},
    });
    const contents = { seed: 77, entryBytes: 64, batch: 500 };
    expect(digestsOf(contents, 10_000, from, to)).toContain(stats.digest);
    expect(report.lanes).toEqual([
      { target: `tcp://${address}`, entries: 10_000, reconnects: 0, compression: 'none' },
    ]);
    expect(report).toMatchObject({ lost: 0, resent: 0 });
    for (const unknown of ['received', 'duplicated', 'digest', 'digestMatches']) {
      expect(report).not.toHaveProperty(unknown);
    }
  });

  it('is shared by them, and none of it is lost or doubled', async () => {
    const indexers = await Promise.all([1, 2].map(() => startIndexer('--listen', '127.0.0.1:0')));
    const addresses = indexers.map(({ address }) => address);
    const report = await load(
      ...['--clear-conns', addresses.join(', '), '--connections', '2'],
      ...['--entry-count', '20000', '--ring-bytes', '65536'],
    );
    const taken = await Promise.all(
      indexers.map(async ({ indexer }) => {
        await indexer.end('SIGINT');
        return indexer.lastJson<{ connections: number; entries: number }>();
      }),
    );
    expect(report.lanes.map(({ target }) => target)).toEqual(
      addresses.flatMap((address) => [`tcp://${address}`, `tcp://${address}`]),
    );
    expect(sum(report.lanes)).toBe(20_000);
    const [first, second] = report.lanes.map(({ entries }) => entries);
    expect(taken[0]?.entries).toBe((first ?? 0) + (second ?? 0));
    expect((taken[0]?.entries ?? 0) + (taken[1]?.entries ?? 0)).toBe(20_000);
  });

  it('that refuses compression says so, to people and to programs', async () => {
    const [plain, snappy] = await Promise.all([
      ScriptedIndexer.listen({ confirms: 'at once' }),
      ScriptedIndexer.listen({ confirms: 'at once', compression: Compression.snappy }),
    ]);
    const run = async (...indexers: ScriptedIndexer[]) => {
      const addresses = indexers.map(({ port }) => `127.0.0.1:${port}`).join(',');
      const flags = ['--clear-conns', addresses, '--entry-count', '1000', '--compression'];
      const load = new NodeProcess(LOAD, [...flags, '--json']);
      expect(await load.end(), load.stderr).toBe(0);
      return load;
    };
    const refused = await run(plain);
    expect(refused.stdout).toMatch(/^wire: .* over tcp without compression, which was refused, /m);
    expect(refused.lastJson()).toMatchObject({
      compressionAsked: 'snappy',
      compression: 'none',
      lanes: [{ compression: 'none' }],
    });
    const partly = await run(plain, snappy);
    expect(partly.stdout).toMatch(/^wire: .* with snappy, which was refused on some lanes, /m);
    expect(partly.lastJson()).toMatchObject({
      compression: 'mixed',
      lanes: [{ compression: 'none' }, { compression: 'snappy' }],
    });
  });

  it('that is interrupted confirms what it wrote, and reports that', async () => {
    const indexer = new Indexer({ listen: '127.0.0.1:0', secret: 'IngestSecrets' });
    onTestFinished(() => indexer.close());
    const address = (await indexer.listen()).replace('tcp://', '');
    const run = new NodeProcess(LOAD, ['--clear-conns', address, '--duration', '1h', '--json']);
    await eventually(() => expect(indexer.stats().entries).toBeGreaterThan(1000));
    expect(await run.end('SIGINT')).toBe(0);
    const report = run.lastJson<Report>();
    expect(indexer.stats().entries).toBe(report.entries);
  });

  it('goes on when one goes away and comes back', async () => {
    const first = await ScriptedIndexer.listen({ confirms: 'at once' });
    const address = `127.0.0.1:${first.port}`;
    const flags = ['--clear-conns', address, '--entry-count', '20000', '--ring-bytes', '1048576'];
    const run = new NodeProcess(LOAD, [...flags, '--json']);
    await (await first.hot(0)).entries(1000);
    await first.close();
    const { indexer: second } = await startIndexer('--listen', address);
    expect(await run.end(), run.stderr).toBe(0);
    expect(run.stderr).toMatch(/^load: tcp:\/\/127\.0\.0\.1:\d+: .+; next attempt in [\d.]+ s$/m);
    const report = run.lastJson<Report>();
    expect(report.lanes).toMatchObject([
      { target: `tcp://${address}`, entries: 20_000, reconnects: 1 },
    ]);
    expect(report.lost).toBe(0);
    await second.end('SIGTERM');
    expect(second.lastJson<{ entries: number }>().entries).toBeGreaterThan(0);
  });

  it('ends when its time is over also on one that is slow', async () => {
    const indexer = await ScriptedIndexer.listen();
    const { port } = indexer;
    const run = new NodeProcess(LOAD, [
      ...['--clear-conns', `127.0.0.1:${port}`, '--duration', '300ms'],
      ...['--entry-size', '1000', '--ring-bytes', '65536', '--json'],
    ]);
    const connection = await indexer.hot(0);
    // About 60 entries fit the ring.
    const timer = setInterval(() => connection.confirmThrough(connection.frames.length), 50);
    expect(await run.end()).toBe(0);
    clearInterval(timer);
    expect(run.lastJson<Report>().entries).toBe(connection.frames.length);
  });
});
