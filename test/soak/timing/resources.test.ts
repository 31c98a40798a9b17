import { describe, expect, it } from 'vitest';
import { NodeProcess, startIndexer, support } from '../../support/node-process.js';

const MEBIBYTE = 2 ** 20;

/** How much a process grows by writing entries of a size, after as many to warm up. */
async function growth(bytes: number, warmUp: number, entries: number) {
  const { address } = await startIndexer('--listen', '127.0.0.1:0');
  const args = [`tcp://${address}`, ...[bytes, warmUp, entries].map(String)];
  const ingester = new NodeProcess(support('steady-ingester.mjs'), args, ['--expose-gc']);
  expect(await ingester.end(), ingester.stderr).toBe(0);
  const grown = ingester.lastJson<{ confirmedEntries: number; heap: number; rss: number }>();
  expect(grown.confirmedEntries).toBe(warmUp + entries);
  return grown;
}

describe('a muxer', () => {
  it('that is hot and idle takes less than half a percent of a processor', async () => {
    const { address } = await startIndexer('--listen', '127.0.0.1:0');
    const idle = new NodeProcess(support('idle-ingester.mjs'), [`tcp://${address}`]);
    expect(await idle.end()).toBe(0);
    const { cpuMs, elapsedMs, hot } = idle.lastJson<Record<string, number>>();
    expect(hot).toBe(1);
    expect((cpuMs ?? Number.NaN) / (elapsedMs ?? Number.NaN)).toBeLessThan(0.005);
  });

  it('that writes on and on takes no more memory than at first', async () => {
    const { heap, rss } = await growth(200, 300_000, 1_500_000);
    expect(heap).toBeLessThan(2 * MEBIBYTE);
    expect(rss).toBeLessThan(48 * MEBIBYTE);
  });

  it('that writes large entries on and on does not keep what is confirmed', async () => {
    const { heap, rss } = await growth(3_000_000, 40, 300);
    expect(heap).toBeLessThan(2 * MEBIBYTE);
    expect(rss).toBeLessThan(256 * MEBIBYTE);
  });
});
