import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isNatsMissing } from '../support/nats-server.js';
import { NodeProcess } from '../support/node-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const BENCH = new URL('../../bench/dist/cli/bench.js', import.meta.url);

/** Shares of what is sent. A busy machine sends little in so short a time, and the handshake counts. */
const MAX_OVERHEAD = 1.2;
const MAX_PACKED = 0.85;

async function bench<Result>(name: string, ...flags: readonly string[]): Promise<Result> {
  const common = ['--rounds', '1', '--duration', '20ms', '--json'];
  const run = new NodeProcess(BENCH, [name, ...common, ...flags]);
  expect(await run.end(), run.stderr).toBe(0);
  expect(run.stderr).toBe('');
  return run.lastJson<Result>();
}

interface Measured {
  readonly entriesPerSecond: number;
  readonly cpuSecondsPerMillion: number;
  readonly wireShare: number;
}

const NUMBERS = {
  entriesPerSecond: expect.any(Number),
  cpuSecondsPerMillion: expect.any(Number),
  wireShare: expect.any(Number),
};

it('the benchmark of transports sets all of them beside TCP', async () => {
  interface Way extends Measured {
    readonly name: string;
    readonly ratioToTcp: number;
  }
  const { sizes } = await bench<{ sizes: { size: number; ways: Way[] }[] }>('transports');
  expect(sizes.map(({ size }) => size)).toEqual([256, 1024]);
  for (const { ways } of sizes) {
    expect(ways).toEqual(
      ['tcp', 'tls', 'pipe', 'tls + snappy'].map((name) => ({
        name,
        ratioToTcp: expect.any(Number),
        ...NUMBERS,
      })),
    );
    expect(ways[0]?.ratioToTcp).toBe(1);
    expect(ways[3]?.wireShare).toBeLessThan(MAX_PACKED);
  }
}, 60_000);

it('the benchmark of compression knows what snappy can do with each kind of data', async () => {
  interface Row {
    readonly content: string;
    readonly size: number;
    readonly plain: Measured;
    readonly snappy: Measured;
  }
  const { rows } = await bench<{ rows: Row[] }>('compression');
  expect(rows).toEqual(
    ['random', 'text', 'json'].flatMap((content) =>
      [256, 1024].map((size) => ({ content, size, plain: NUMBERS, snappy: NUMBERS })),
    ),
  );
  for (const { content, plain, snappy } of rows) {
    // Beside the frames there is a handshake.
    expect(plain.wireShare).toBeGreaterThanOrEqual(1);
    expect(plain.wireShare).toBeLessThan(MAX_OVERHEAD);
    if (content === 'random') expect(snappy.wireShare).toBeGreaterThan(0.8);
    // It is no repetition of the same: that would shrink to a twentieth.
    else expect(snappy.wireShare).toBeGreaterThan(0.2);
    expect(snappy.wireShare).toBeLessThan(content === 'random' ? MAX_OVERHEAD : MAX_PACKED);
  }
}, 60_000);

const PATHS = ['writeEntry', 'writeBatch', 'lines', 'packed'];

it('the benchmark of the ceiling has a rate for each way of writing', async () => {
  const { sizes } = await bench<{ sizes: Record<string, number>[] }>('ceiling');
  expect(sizes.map(({ size }) => size)).toEqual([64, 256, 1024]);
  for (const { size, ...rates } of sizes) {
    expect(Object.keys(rates)).toEqual(['ceiling', ...PATHS]);
    for (const rate of Object.values(rates)) expect(rate).toBeGreaterThan(0);
  }
}, 60_000);

it('the benchmark of threads tells what the main thread and the lane worker took', async () => {
  interface Time {
    readonly user: number;
    readonly system: number;
  }
  interface Path extends Readonly<Record<'main' | 'workers' | 'others', Time>> {
    readonly name: string;
    readonly entriesPerSecond: number;
  }
  if (process.platform !== 'linux') {
    const run = new NodeProcess(BENCH, ['threads']);
    expect(await run.end()).toBe(1);
    expect(run.stderr).toMatch(/^bench: .* which only Linux has\n$/);
    return;
  }
  const { sizes } = await bench<{ sizes: { size: number; paths: Path[] }[] }>('threads');
  expect(sizes.map(({ size }) => size)).toEqual([64, 256, 1024]);
  for (const { paths } of sizes) {
    expect(paths.map(({ name }) => name)).toEqual(PATHS);
    for (const { main, workers, others, entriesPerSecond } of paths) {
      expect(entriesPerSecond).toBeGreaterThan(0);
      expect(main.user + main.system).toBeGreaterThan(0);
      expect(workers.user + workers.system).toBeGreaterThan(0);
      for (const { user, system } of [main, workers, others]) {
        expect(Math.min(user, system)).toBeGreaterThanOrEqual(0);
      }
    }
  }
}, 60_000);

it('the benchmark of rings sets each size beside the largest', async () => {
  interface Row {
    readonly size: number;
    readonly batch: number;
    readonly rings: { ringBytes: number; entriesPerSecond: number; ratioToLargest: number }[];
  }
  const { rows } = await bench<{ rows: Row[] }>('rings', '--entry-size', '64');
  expect(rows.map(({ size, batch }) => [size, batch])).toEqual(
    [1, 64, 1024].map((batch) => [64, batch]),
  );
  for (const { rings } of rows) {
    const largest = 16 * 1048576;
    expect(rings.map(({ ringBytes }) => ringBytes)).toEqual(
      Array.from({ length: 5 }, (_, i) => largest / 4 ** i),
    );
    expect(rings[0]?.ratioToLargest).toBe(1);
    for (const { entriesPerSecond } of rings) expect(entriesPerSecond).toBeGreaterThan(0);
  }
}, 60_000);

it('the benchmark of queues has the cost of a message in each process', async () => {
  if (process.platform !== 'linux' || isNatsMissing) {
    const run = new NodeProcess(BENCH, ['queues']);
    expect(await run.end()).toBe(1);
    expect(run.stderr).toMatch(/^bench: .*(only Linux|nats-server is missing).*\n$/);
    return;
  }
  const { rows } = await bench<{ rows: Record<string, number>[] }>('queues');
  expect(rows.map(({ takers }) => takers)).toEqual([1, 3]);
  for (const row of rows) {
    const names = ['publisher', 'storing', 'delivering', 'taker', 'indexer'];
    expect(Object.keys(row)).toEqual(['takers', 'publishedPerSecond', 'takenPerSecond', ...names]);
    for (const number of Object.values(row)) expect(number).toBeGreaterThan(0);
  }
}, 60_000);

it('the benchmark of scaling has the cost of an entry at each point, and a page of them', async () => {
  const path = join(temporaryDirectory(), 'scaling.html');
  const flags = ['--by', 'lanes', '--rounds', '1', '--duration', '20ms', '--json'];
  const run = new NodeProcess(BENCH, ['scaling', ...flags, '--report', path]);
  if (process.platform !== 'linux') {
    expect(await run.end()).toBe(1);
    return;
  }
  expect(await run.end(), run.stderr).toBe(0);
  const { rows } = run.lastJson<{ rows: Record<string, number>[] }>();
  expect(rows.map(({ by, at }) => [by, at])).toEqual([1, 2, 4, 8, 16].map((at) => ['lanes', at]));
  for (const { main, workers, entriesPerSecond } of rows) {
    expect(Math.min(main ?? 0, workers ?? 0, entriesPerSecond ?? 0)).toBeGreaterThan(0);
  }
  expect(run.stderr).toBe(`the report is in ${path}\n`);
  const page = readFileSync(path, 'utf8');
  expect(page).toContain('<title>ringest bench scaling</title>');
  expect(page).toContain(JSON.stringify(rows));
}, 60_000);
