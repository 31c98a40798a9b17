import { FRAME_BYTES } from '@ringest/codec';
import type { IngestMuxer, MuxerConfiguration } from '@ringest/core';
import { Indexer } from '@ringest/indexer';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hotMuxer, SECRET, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { until } from '../../support/waiting.js';

const entry = (bytes: number) => ({ timestamp: 0, tag: 0, data: Buffer.alloc(bytes) });

/** An embedded indexer that counts the bytes of the frames that it reads. */
async function countingIndexer() {
  const counted = { bytes: 0, address: '' };
  const indexer = new Indexer({
    listen: '127.0.0.1:0',
    secret: SECRET,
    onEntry(one) {
      counted.bytes += FRAME_BYTES + one.dataLength + one.valuesLength;
    },
  });
  onTestFinished(() => indexer.close());
  counted.address = await indexer.listen();
  return counted;
}

/** Writes entries of a size as fast as they are taken, until stopped or the muxer closes. */
function fullLoad(muxer: IngestMuxer, bytes: number) {
  let isOver = false;
  const batch = Array.from({ length: Math.max(1, Math.ceil(20_000 / bytes)) }, () => entry(bytes));
  const write = async () => {
    while (!isOver) await muxer.writeBatch(batch);
  };
  const done = write().catch(() => {});
  return {
    stop() {
      isOver = true;
      return done;
    },
  };
}

const RATE = 1_000_000;

/** Bytes a second that arrive under full load, with entries of a size, once the burst is over. */
async function measure(
  bytes: number,
  configuration: Partial<MuxerConfiguration> = {},
  targets = 1,
): Promise<number> {
  const indexers = await Promise.all(Array.from({ length: targets }, () => countingIndexer()));
  const arrived = () => indexers.reduce((sum, counted) => sum + counted.bytes, 0);
  const muxer = await wholeMuxer({
    targets: indexers.map(({ address }) => address),
    rateLimit: RATE * 8,
    ringBytes: 1_048_576,
    ...configuration,
  });
  const load = fullLoad(muxer, bytes);
  // What may go beyond the rate at the beginning: a second's worth, and some.
  await until('what goes beyond the rate', () => arrived() > 1.5 * RATE);
  const [from, before] = [performance.now(), arrived()];
  await until('three seconds', () => performance.now() - from > 3000);
  const rate = ((arrived() - before) * 1000) / (performance.now() - from);
  await load.stop();
  return rate;
}

describe('a rate limit', () => {
  it('holds for entries of every size, over one lane and over several', async () => {
    const rates = await Promise.all([
      measure(100),
      measure(10_000, { connectionsPerTarget: 3, workers: 2 }),
      measure(200_000, { connectionsPerTarget: 2 }),
      measure(1000, { ringBytes: SMALL_RING, workers: 2 }, 2),
      // Larger than the ring takes.
      measure(200_000, { ringBytes: SMALL_RING }),
    ]);
    const share = rates.map((rate) => rate / RATE);
    // One entry of 200 kB more or less is 7 % of three seconds.
    const most = [1.05, 1.05, 1.12, 1.05, 1.12];
    for (const [i, one] of share.entries()) {
      expect(one).toBeGreaterThan(0.85);
      expect(one).toBeLessThan(most[i] as number);
    }
  });

  it('lets one second of it through at once after a pause', async () => {
    const indexer = await countingIndexer();
    const muxer = await hotMuxer({
      targets: [indexer.address],
      rateLimit: RATE * 8,
      ringBytes: 1_048_576,
    });
    // Longer pauses let through no more: a test with a clock of its own shows that.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    const from = performance.now();
    const load = fullLoad(muxer, 1000);
    await until('a second', () => performance.now() - from > 1000);
    const seconds = (performance.now() - from) / 1000;
    const arrived = indexer.bytes;
    await load.stop();
    // The burst, what came due meanwhile, and one socket write.
    expect(arrived / RATE).toBeLessThan(1.02 + seconds * 1.02);
    expect(arrived / RATE).toBeGreaterThan(1.2);
  });

  it('counts what is sent again as well', async () => {
    const begun = performance.now();
    const indexer = await ScriptedIndexer.listen();
    const bytesPerSecond = 100_000;
    const muxer = await hotMuxer({
      targets: [indexer.address],
      rateLimit: bytesPerSecond * 8,
      times: { silence: 60_000 },
    });
    for (let i = 0; i < 75; i++) muxer.writeEntry(entry(1000 - FRAME_BYTES));
    const first = await indexer.hot(0);
    await first.entries(75);
    first.socket.destroy();
    const second = await indexer.hot(1);
    await second.entries(75);
    // The bucket was empty at first; the last write may go beyond.
    expect(performance.now() - begun).toBeGreaterThan(1450);
    expect(muxer.stats()).toMatchObject({ resentEntries: 75, resentBytes: 75_000 });
  });

  it('keeps nobody busy who waits for it', async () => {
    const indexer = await countingIndexer();
    const muxer = await hotMuxer({
      targets: [indexer.address],
      connectionsPerTarget: 4,
      workers: 2,
      rateLimit: 80_000,
      ringBytes: SMALL_RING,
    });
    const load = fullLoad(muxer, 1000);
    await until('a backlog', () => muxer.stats().backlogEntries > 0);
    const before = process.cpuUsage();
    const from = performance.now();
    await until('a second', () => performance.now() - from > 1000);
    const { user, system } = process.cpuUsage(before);
    // A thread that looks again and again takes all of a processor.
    expect((user + system) / 1000 / (performance.now() - from)).toBeLessThan(0.5);
    load.stop();
  });
});
