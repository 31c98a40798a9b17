import type { Worker } from 'node:worker_threads';
import { CACHE_MODES } from '@ringest/core';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { closeAtOnce, coldMuxer, rollQuickly } from '../../support/cache-time.js';
import {
  CLOSE_MS,
  cachedData,
  cacheStats,
  expectEachOnce,
  numberedFrom,
  segmentsIn,
  until,
  untilEmpty,
  unusedAddress,
  watchThreads,
  withCache,
  writeAll,
} from '../../support/caching.js';
import { collectLogs, newMuxer } from '../../support/muxer.js';
import { Receiver } from '../../support/receiver.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';

beforeEach(rollQuickly);

/** A muxer that is started, and what ends the thread of its cache. */
function started(configuration: Parameters<typeof newMuxer>[0]) {
  const threads = watchThreads();
  const muxer = coldMuxer(configuration);
  const kill = async () => {
    await until('its thread', () => threads.length >= 2 && cacheStats(muxer).isOpen);
    const before = threads.length;
    // The second is the lane's, which lives; all others are the cache's, one after the other.
    await (threads.length === 2 ? threads[0] : threads.at(-1))?.terminate();
    await until('the next one', () => threads.length > before);
  };
  return { muxer, kill };
}

describe("the cache's thread", () => {
  it.each(CACHE_MODES)(
    'that dies while entries go to disk and come back loses none: %s',
    async (mode) => {
      const { address, listen } = await unusedAddress();
      const { logger, lines } = collectLogs();
      const { muxer, kill } = started({ ...withCache([address], mode), logger });
      const entries = numberedFrom(0, 1800);
      for (let at = 0; at < 1200; at += 600) {
        const written = writeAll(muxer, entries.slice(at, at + 600));
        await kill();
        await written;
      }
      const recording = await RecordingIndexer.start({ listen, ackDelay: 10 });
      for (let at = 1200; at < 1800; at += 300) {
        const written = writeAll(muxer, entries.slice(at, at + 300));
        await recording.entries(at / 4);
        await kill();
        await written;
      }
      await muxer.sync({ timeout: 45_000 });
      expectEachOnce(recording.received, entries);
      await untilEmpty(muxer);
      // It counts as trouble that threads die one after the other, until one has begun to work.
      await until('the end of the trouble', () => cacheStats(muxer).trouble === undefined);
      expect(cacheStats(muxer).pendingEntries).toBe(0);
      const deaths = lines.filter((line) => line.includes('the thread of the cache died'));
      expect(deaths.length).toBeGreaterThan(0);
    },
  );

  it('that dies does not make a write of the journal resolve before it is stored', async () => {
    const { address } = await unusedAddress();
    const configuration = withCache([address], 'journal');
    const { muxer, kill } = started({ ...configuration, ringBytes: 2 ** 20 });
    for (let round = 0; round < 3; round++) {
      const entries = numberedFrom(round * 100, (round + 1) * 100);
      const stored = muxer.writeBatch(entries);
      await kill();
      await stored;
      const there = new Set(await cachedData(configuration.cache.path));
      expect(entries.filter(({ data }) => !there.has(`${data}`))).toEqual([]);
    }
  });

  it.each([1, 2])(
    'that dies before the cache is open, %s times, is told or replaced',
    async (deaths) => {
      let killed = 0;
      const kill = (thread: Worker) => {
        // It has loaded its modules then: one that is ended before may take the process with it.
        if (killed++ < deaths) thread.once('message', () => thread.terminate());
      };
      process.once('worker', kill);
      if (deaths > 1) process.on('worker', kill);
      onTestFinished(() => {
        process.off('worker', kill);
      });
      const { address, listen } = await unusedAddress();
      const muxer = newMuxer(withCache([address], 'journal'));
      let failure: Error | undefined;
      muxer.on('error', (error) => {
        failure = error;
      });
      muxer.start();
      const entries = numberedFrom(0, 1000);
      const written = writeAll(muxer, entries);
      const recording = await Receiver.start({ listen });
      await written;
      await muxer.sync();
      expectEachOnce(recording.received, entries);
      // There is a cache, or it is told that there is none.
      expect(cacheStats(muxer).trouble).toBe(failure);
    },
  );

  it.each(CACHE_MODES)('that dies while the muxer closes loses nothing: %s', async (mode) => {
    const threads = watchThreads();
    const { address, listen } = await unusedAddress();
    const configuration = { ...withCache([address], mode), closeTimeout: CLOSE_MS };
    const muxer = coldMuxer(configuration);
    const entries = numberedFrom(0, 600);
    await writeAll(muxer, entries);
    // Its thread has loaded its modules then: one that is ended before may take the process with it.
    await until('an open cache', () => cacheStats(muxer).isOpen);
    const closed = closeAtOnce(muxer);
    // Now it waits no longer for confirmations.
    await until('the end of the lanes', () => muxer.stats().lanes[0]?.state === 'closed');
    await threads[0]?.terminate();
    expect(await closed).toEqual({ unconfirmed: 600, cached: 600 });

    const recording = await Receiver.start({ listen });
    const next = newMuxer(configuration);
    next.start();
    await until('all of it', () => cacheStats(next).recoveredEntries >= 600);
    await untilEmpty(next);
    const { received } = recording;
    const distinct = new Set(received.map(({ bytes }) => bytes.toString('latin1')));
    expect(distinct.size).toBe(600);
    expect(received.length).toBe(cacheStats(next).recoveredEntries);
    expect(segmentsIn(configuration.cache.path)).toEqual([]);
  });
});
