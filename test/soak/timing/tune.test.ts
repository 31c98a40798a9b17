import type { TuneReport } from '@ringest/bench/internal';
import { describe, expect, it } from 'vitest';
import { NodeProcess, TUNE } from '../../support/node-process.js';

// What a tuner finds on a machine that is not too busy.

async function tune(...flags: string[]): Promise<TuneReport> {
  const run = new NodeProcess(TUNE, [...flags, '--json']);
  expect(await run.end(), run.stderr).toBe(0);
  return run.lastJson<TuneReport>();
}

const found = ({ candidates, recommended }: TuneReport) =>
  candidates.find(({ name }) => name === recommended);

describe('the tuner finds', () => {
  it('the ring that an indexer 20 ms away needs', async () => {
    const report = await tune(
      ...['--ack-delay', '20ms', '--ring-bytes', '64KiB,256KiB,1MiB,4MiB', '--connections', '1'],
      ...['--path', 'lines', '--budget', '60s'],
    );
    expect(report.sure.isBetter).toBe(true);
    expect(report.muxer.ringBytes).toBe(4 * 2 ** 20);
  }, 240_000);

  it('the connections that an indexer needs which is limited on each', async () => {
    const report = await tune(
      ...['--read-rate', '2MB', '--ring-bytes', '256KiB', '--connections', '1,2,4,8'],
      ...['--path', 'lines', '--workers', '2,1', '--budget', '90s'],
    );
    expect(report.sure.isBetter).toBe(true);
    expect(report.muxer.connectionsPerTarget).toBe(8);
  }, 240_000);

  it('less latency at a given rate, where a ring is too small for it', async () => {
    // A ring of 64 KiB has room for some 11,000 of these entries a second, at 20 ms.
    const report = await tune(
      ...['--goal', 'cost', '--rate', '30000/s', '--ack-delay', '20ms', '--connections', '1'],
      ...['--ring-bytes', '64KiB,4MiB', '--path', 'batch', '--batch', '64', '--budget', '60s'],
    );
    expect(report.sure.isBetter).toBe(true);
    expect(report.muxer.ringBytes).toBe(4 * 2 ** 20);
  }, 240_000);

  it('as good a configuration when it looks again', async () => {
    const flags = ['--path', 'batch,lines', '--connections', '1,2', '--ring-bytes', '16MiB,1MiB'];
    const first = await tune(...flags, '--budget', '90s');
    const second = await tune(...flags, '--budget', '90s', '--seed', '2');
    const [a = Number.NaN, b = Number.NaN] = [first, second].map((report) => found(report)?.median);
    expect(Math.max(a, b) / Math.min(a, b)).toBeLessThan(1.1);
  }, 480_000);
});
