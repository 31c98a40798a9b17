import { setImmediate as turn } from 'node:timers/promises';
import type { EntryInput, IngestMuxer } from '@ringest/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Arrival, expectArrivals, expectedArrivals } from '../../support/arrivals.js';
import { coldMuxer, rollQuickly } from '../../support/cache-time.js';
import {
  CLOSE_MS,
  cacheStats,
  expectEachOnce,
  numbered,
  numberedFrom,
  until,
  unusedAddress,
  withCache,
} from '../../support/caching.js';
import { hotMuxer, wholeMuxer } from '../../support/muxer.js';
import { Receiver } from '../../support/receiver.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';

function always(targets: readonly string[]) {
  return { ...withCache(targets, 'always'), closeTimeout: CLOSE_MS };
}

/** More than the ring holds. */
const PER_TURN = 500;

/** Writes entries, none of which waits; lets the event loop go on now and then. */
async function writeAll(muxer: IngestMuxer, entries: readonly EntryInput[]): Promise<void> {
  for (const [i, entry] of entries.entries()) {
    expect(muxer.writeEntry(entry)).toBeUndefined();
    if (i % PER_TURN === PER_TURN - 1) await turn();
  }
}

const numberOf = ({ bytes }: Arrival): number =>
  Number(/entry (\d+) /.exec(bytes.toString('latin1'))?.[1]);

beforeEach(rollQuickly);

describe('the cache in the mode always', () => {
  it.each([{ ackDelay: 30 }, { throttle: 200 }, { readRate: 300_000 }])(
    'has no write wait for a slow indexer, and all arrives: %o',
    async (behaviour) => {
      const recording = await RecordingIndexer.start(behaviour);
      const muxer = await hotMuxer(always([recording.address]));
      const entries = numberedFrom(0, 1200);
      await writeAll(muxer, entries);
      expect(cacheStats(muxer).pendingEntries).toBeGreaterThan(0);
      await muxer.sync();
      expectEachOnce(recording.received, entries);
      // All may have arrived before the disk has anything: what is on its way there is not in `bytes`.
      await until('an empty cache', () => {
        const { bytes, unstoredBytes } = cacheStats(muxer);
        return bytes + unstoredBytes === 0;
      });
      expect(cacheStats(muxer)).toMatchObject({ entries: 0, pendingEntries: 0, unstoredBytes: 0 });
      expect(cacheStats(muxer).replayedEntries).toBeGreaterThan(200);
    },
  );

  it('has batches and large entries not wait either', async () => {
    const recording = await RecordingIndexer.start({ ackDelay: 30 });
    const muxer = await hotMuxer(always([recording.address]));
    const sizes = [10, 500, 20_000, 70_000, 200_000, 300_000];
    const entries = Array.from({ length: 300 }, (_, i) =>
      numbered(i, i % 10 === 0 ? sizes[(i / 10) % sizes.length] : 100),
    );
    for (let at = 0; at < entries.length; at += 30) {
      expect(muxer.writeBatch(entries.slice(at, at + 30))).toBeUndefined();
      await turn();
    }
    await muxer.sync();
    expectEachOnce(recording.received, entries);
  });

  it('brings what was written without an indexer to one in the order of the writes', async () => {
    const { address, listen } = await unusedAddress();
    const muxer = coldMuxer(always([address]));
    const entries = numberedFrom(0, 1500);
    await Promise.all(entries.map((entry) => muxer.writeEntry(entry)));
    const recording = await Receiver.start({ listen });
    await muxer.sync();
    expectArrivals(recording.received, expectedArrivals(entries));
  });

  it('spreads a replay over several indexers, and loses nothing', async () => {
    const places = [await unusedAddress(), await unusedAddress()];
    const muxer = coldMuxer(always(places.map(({ address }) => address)));
    const entries = numberedFrom(0, 1500);
    await Promise.all(entries.map((entry) => muxer.writeEntry(entry)));
    const recordings = [];
    for (const { listen } of places) {
      recordings.push(await RecordingIndexer.start({ listen, ackDelay: 5 }));
    }
    await muxer.sync();
    expectEachOnce(
      recordings.flatMap(({ received }) => received),
      entries,
    );
  });

  it('starves neither what is old nor what is new while a large cache is brought back', async () => {
    const { address, listen } = await unusedAddress();
    const muxer = coldMuxer(always([address]));
    const old = numberedFrom(0, 2000);
    await Promise.all(old.map((entry) => muxer.writeEntry(entry)));
    const recording = await RecordingIndexer.start({ listen, ackDelay: 5 });
    await muxer.waitForHot();
    let written = old.length;
    let half: { old: number; fresh: number } | undefined;
    const { received } = recording;
    while (cacheStats(muxer).pendingEntries > 0 && written < 30_000) {
      // As fast as it can, but for the turns in which all else happens.
      for (let i = 0; i < 50; i++) expect(muxer.writeEntry(numbered(written++))).toBeUndefined();
      await turn();
      if (half !== undefined || received.length < old.length) continue;
      const fresh = received.filter((one) => numberOf(one) >= old.length).length;
      half = { old: received.length - fresh, fresh };
    }
    await muxer.sync({ timeout: 45_000 });
    expectEachOnce(received, [...old, ...numberedFrom(old.length, written)]);
    expect(half?.old).toBeGreaterThan(100);
    expect(half?.fresh).toBeGreaterThan(100);
  });

  it('does without the disk where indexers keep up', async () => {
    const recordings = [await Receiver.start(), await Receiver.start()];
    const targets = recordings.map(({ address }) => address);
    const muxer = await wholeMuxer({ ...always(targets), ringBytes: 2 ** 20 });
    const entries = numberedFrom(0, 1200);
    for (const [i, entry] of entries.entries()) {
      expect(muxer.writeEntry(entry)).toBeUndefined();
      if (i % 300 === 299) await muxer.sync();
    }
    expect(cacheStats(muxer)).toMatchObject({ bytes: 0, replayedEntries: 0 });
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  });

  it('takes what lanes have no room for when an indexer is lost in the middle', async () => {
    const { address, listen } = await unusedAddress();
    const first = await RecordingIndexer.start({ listen, ackDelay: 20 });
    const muxer = await hotMuxer(always([address]));
    const entries = numberedFrom(0, 1600);
    await writeAll(muxer, entries.slice(0, 800));
    await first.indexer.close();
    await until('that the lane is lost', () => muxer.hot() === 0);
    await Promise.all(entries.slice(800).map((entry) => muxer.writeEntry(entry)));
    const second = await Receiver.start({ listen });
    await muxer.sync();
    const received = [...first.received, ...second.received];
    const { resentEntries } = muxer.stats();
    expect(received.length - entries.length).toBeLessThanOrEqual(resentEntries);
    const keys = new Set(received.map(numberOf));
    expect(keys.size).toBe(entries.length);
  });
});
