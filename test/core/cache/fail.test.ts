import type { EntryInput, IngestMuxer } from '@ringest/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Arrival, expectArrivals, expectedArrivals } from '../../support/arrivals.js';
import { coldMuxer, rollQuickly } from '../../support/cache-time.js';
import {
  CLOSE_MS,
  cachedData,
  cacheStats,
  expectEachOnce,
  numberedFrom,
  segmentsIn,
  until,
  untilEmpty,
  untilStored,
  unusedAddress,
  withCache,
} from '../../support/caching.js';
import { hotMuxer, type newMuxer, wholeMuxer } from '../../support/muxer.js';
import { Receiver } from '../../support/receiver.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

/** A muxer with the smallest ring, and what its cache is kept in. */
function failing(targets: readonly string[], more: Partial<Parameters<typeof newMuxer>[0]> = {}) {
  const given = { ...withCache(targets, 'fail'), ...more };
  return { path: given.cache.path, given };
}

/** Writes entries, without waiting for any: the promises of those that wait. */
function writeAll(muxer: IngestMuxer, entries: readonly EntryInput[]): Promise<void>[] {
  return entries.flatMap((entry) => muxer.writeEntry(entry) ?? []);
}

beforeEach(rollQuickly);

describe('the cache in the mode fail', () => {
  it('gets nothing while a lane is hot, however full the rings are', async () => {
    const indexer = await ScriptedIndexer.listen();
    const { path, given } = failing([indexer.address]);
    const muxer = await hotMuxer(given);
    const entries = numberedFrom(0, 1000);
    const waits = writeAll(muxer, entries);
    expect(waits.length).toBeGreaterThan(500);
    expect(segmentsIn(path)).toEqual([]);
    expect(cacheStats(muxer)).toMatchObject({ mode: 'fail', bytes: 0, pendingEntries: 0 });
    const connection = await indexer.hot(0);
    for (let confirmed = 0; confirmed < entries.length; confirmed = connection.frames.length) {
      await connection.entries(confirmed + 1);
      connection.confirmThrough(connection.frames.length);
    }
    await Promise.all(waits);
    expectArrivals(connection.arrivals, expectedArrivals(entries));
    expect(segmentsIn(path)).toEqual([]);
  });

  it('gets what finds no room while no lane is hot, and brings it back in order', async () => {
    const { address, listen } = await unusedAddress();
    const { path, given } = failing([address]);
    const muxer = coldMuxer(given);
    const entries = numberedFrom(0, 1200);
    await Promise.all(writeAll(muxer, entries.slice(0, 800)));
    expect(muxer.stats().backlogEntries).toBe(0);
    // None of these has to wait any more.
    expect(writeAll(muxer, entries.slice(800))).toEqual([]);
    const inRing = muxer.stats().writtenEntries;
    expect(cacheStats(muxer).pendingEntries).toBe(1200 - inRing);
    await untilStored(muxer);
    const stored = await cachedData(path);
    expect(stored).toEqual(entries.slice(inRing).map(({ data }) => `${data}`));

    const recording = await Receiver.start({ listen });
    await muxer.sync();
    expectArrivals(recording.received, expectedArrivals(entries));
    await untilEmpty(muxer);
    expect(segmentsIn(path)).toEqual([]);
    expect(cacheStats(muxer)).toMatchObject({
      bytes: 0,
      entries: 0,
      pendingEntries: 0,
      replayedEntries: 1200 - inRing,
      recoveredEntries: 0,
    });
    expect(muxer.cacheSize()).toBe(0);
  });

  it('brings it back in order also while it is still in memory', async () => {
    const { address, listen } = await unusedAddress();
    // The disk is asked to have it in a minute only.
    const { given } = failing([address], {
      cache: { path: temporaryDirectory(), sync: { everyMs: 60_000 } },
    });
    const muxer = coldMuxer(given);
    const entries = numberedFrom(0, 900);
    await Promise.all(writeAll(muxer, entries));
    const recording = await Receiver.start({ listen });
    await muxer.sync();
    expectArrivals(recording.received, expectedArrivals(entries));
  });

  it('goes on with new entries beside old ones, and loses none', async () => {
    const { address, listen } = await unusedAddress();
    const { path, given } = failing([address]);
    const muxer = coldMuxer(given);
    const entries = numberedFrom(0, 1600);
    await Promise.all(writeAll(muxer, entries.slice(0, 800)));
    const recording = await Receiver.start({ listen });
    for (const entry of entries.slice(800)) await muxer.writeEntry(entry);
    await muxer.sync();
    expectEachOnce(recording.received, entries);
    await until('no segment', () => segmentsIn(path).length === 0);
  });

  it('keeps what is written for two indexers that are down, whose rings take nothing', async () => {
    const first = await unusedAddress();
    const second = await unusedAddress();
    const { path, given } = failing([first.address, second.address]);
    const muxer = coldMuxer(given);
    const entries = numberedFrom(0, 1000);
    await Promise.all(writeAll(muxer, entries));
    expect(muxer.stats().writtenEntries).toBe(0);
    expect(cacheStats(muxer).pendingEntries).toBe(1000);
    const recordings = [
      await Receiver.start({ listen: first.listen }),
      await Receiver.start({ listen: second.listen }),
    ];
    await muxer.sync();
    expectEachOnce(
      recordings.flatMap(({ received }) => received),
      entries,
    );
    await until('no segment', () => segmentsIn(path).length === 0);
  });

  it('gets entries of every size, strings and batches', async () => {
    const { address, listen } = await unusedAddress();
    const { given } = failing([address]);
    const muxer = coldMuxer(given);
    const sizes = [0, 1, 100, 16_000, 17_000, 60_000, 66_000, 250_000, 262_144, 300_000, 1_048_576];
    const entries: EntryInput[] = [3_000_000, ...sizes, ...sizes].map((bytes, i) => ({
      timestamp: i,
      tag: 0,
      data: i % 2 === 0 ? Buffer.alloc(bytes, `${i} `) : `${i} `.repeat(bytes / 4),
      source: i % 3 === 0 ? '2001:db8::1' : undefined,
      enumeratedValues: i % 4 === 0 ? { number: i } : undefined,
    })) as EntryInput[];
    await Promise.all(writeAll(muxer, entries));
    await muxer.writeBatch(entries);
    await untilStored(muxer);
    const recording = await Receiver.start({ listen });
    await muxer.sync();
    expectEachOnce(recording.received, [...entries, ...entries]);
  });

  it('is used again when the indexer is lost again', async () => {
    const { address, listen } = await unusedAddress();
    const { path, given } = failing([address]);
    const muxer = coldMuxer(given);
    const received: Arrival[] = [];
    const entries = numberedFrom(0, 1200);
    // In the second one, entries wait until no lane has been hot for long enough.
    for (let round = 0; round < 2; round++) {
      await Promise.all(writeAll(muxer, entries.slice(round * 600, (round + 1) * 600)));
      expect(cacheStats(muxer).pendingEntries).toBeGreaterThan(200);
      const recording = await Receiver.start({ listen });
      await muxer.sync();
      received.push(...recording.received);
      // What was brought back before it was stored is removed while a lane is hot.
      await until('no segment', () => segmentsIn(path).length === 0);
      await recording.indexer.close();
      await until('that the lane is lost', () => muxer.hot() === 0);
    }
    expectArrivals(received, expectedArrivals(entries));
  });

  it('has nothing to do with healthy indexers', async () => {
    const recordings = [await Receiver.start(), await Receiver.start()];
    const { path, given } = failing(recordings.map(({ address }) => address));
    const muxer = await wholeMuxer({ ...given, closeTimeout: CLOSE_MS });
    const entries = numberedFrom(0, 1000);
    for (const entry of entries) await muxer.writeEntry(entry);
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
    expect(segmentsIn(path)).toEqual([]);
    expectEachOnce(
      recordings.flatMap(({ received }) => received),
      entries,
    );
  });
});
