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
    // In 20 ms, 64 KiB are 3 MB/s.
    const report = await tune(
      ...['--ack-delay', '20ms', '--ring-bytes', '64KiB,256KiB,1MiB,4MiB', '--connections', '1'],
      ...['--path', 'lines', '--budget', '60s'],
    );
    expect(report.sure.isBetter).toBe(true);
    expect(report.muxer.ringBytes).toBeGreaterThanOrEqual(2 ** 20);
  }, 600_000);

  it('the connections that an indexer needs which is limited on each', async () => {
    const report = await tune(
      ...['--read-rate', '2MB', '--ring-bytes', '256KiB', '--connections', '1,2,4,8'],
      ...['--path', 'lines', '--workers', '1', '--budget', '60s'],
    );
    expect(report.sure.isBetter).toBe(true);
    expect(report.muxer.connectionsPerTarget).toBeGreaterThanOrEqual(4);
  }, 600_000);

  it('less latency at a given rate, where a ring is too small for it', async () => {
    // A ring of 64 KiB has room for some 200 of these entries, which is 2,000 a second.
    const report = await tune(
      ...['--goal', 'cost', '--rate', '10000/s', '--ack-delay', '100ms', '--connections', '1'],
      ...['--ring-bytes', '64KiB,4MiB', '--path', 'batch', '--batch', '64', '--budget', '60s'],
    );
    expect(report.sure.isBetter).toBe(true);
    expect(report.muxer.ringBytes).toBe(4 * 2 ** 20);
    expect(report).toMatchObject({ goal: 'cost', unit: 'cost', rate: 10_000 });
    expect(report.loadFlags.join(' ')).toContain('--batch 64 --rate 10000/s');
  }, 600_000);

  it('as good a configuration when it looks again', async () => {
    const flags = ['--path', 'batch,lines', '--connections', '1,2', '--ring-bytes', '16MiB,1MiB'];
    const first = await tune(...flags, '--budget', '90s');
    const second = await tune(...flags, '--budget', '90s', '--seed', '2');
    const [a = Number.NaN, b = Number.NaN] = [first, second].map((report) => found(report)?.median);
    expect(Math.max(a, b) / Math.min(a, b)).toBeLessThan(1.1);
  }, 1_200_000);
});
