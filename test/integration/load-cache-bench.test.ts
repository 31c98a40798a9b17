import { readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { NodeProcess } from '../support/node-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const BENCH = new URL('../../bench/dist/cli/bench.js', import.meta.url);

interface Way {
  readonly name: string;
  readonly entriesPerSecond: number;
  readonly ratioToNoCache: number;
  readonly cpuRatioToNoCache: number;
}

interface Disk {
  readonly megabytesPerSecond: number;
  readonly entriesPerSecond: number;
  readonly cpuSecondsPerMillion: number;
}

interface Row {
  readonly size: number;
  readonly ways: readonly Way[];
  readonly disk: Disk;
  readonly directDisk: Disk;
}

it('the benchmark of the cache sets its modes beside none, and beside the disk', async () => {
  const path = temporaryDirectory();
  const flags = ['--rounds', '1', '--duration', '20ms', '--path', path, '--json'];
  const run = new NodeProcess(BENCH, ['cache', ...flags]);
  expect(await run.end(), run.stderr).toBe(0);
  expect(run.stdout.startsWith(`in ${path}`)).toBe(true);
  expect(readdirSync(path)).toEqual([]);
  const { sizes } = run.lastJson<{ sizes: Row[] }>();
  expect(sizes.map(({ size }) => size)).toEqual([256, 1024]);
  for (const { ways, disk, directDisk } of sizes) {
    expect(ways.map(({ name }) => name)).toEqual(['no cache', 'fail', 'journal']);
    expect(ways[0]).toMatchObject({ ratioToNoCache: 1, cpuRatioToNoCache: 1 });
    for (const { entriesPerSecond } of ways) expect(entriesPerSecond).toBeGreaterThan(0);
    for (const { megabytesPerSecond, entriesPerSecond, cpuSecondsPerMillion } of [
      disk,
      directDisk,
    ]) {
      expect(megabytesPerSecond).toBeGreaterThan(0);
      expect(entriesPerSecond).toBeGreaterThan(0);
      expect(cpuSecondsPerMillion).toBeGreaterThan(0);
    }
  }
}, 60_000);
