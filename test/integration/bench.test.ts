import { expect, it } from 'vitest';
import { NodeProcess } from '../support/node-process.js';

const BENCH = new URL('../../bench/dist/cli/bench.js', import.meta.url);

/** Shares of what is sent. A busy machine sends little in so short a time, and the handshake counts. */
const MAX_OVERHEAD = 1.2;
const MAX_PACKED = 0.85;

async function bench<Result>(name: string): Promise<Result> {
  const run = new NodeProcess(BENCH, [name, '--rounds', '1', '--duration', '20ms', '--json']);
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
