import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { CACHE_MODES, type CacheMode, type IngestMuxer, NotRunningError } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import {
  type Arrival,
  expectArrivals,
  expectedArrival,
  expectedArrivals,
  keyOf,
} from '../../support/arrivals.js';
import { closeAtOnce, coldMuxer } from '../../support/cache-time.js';
import {
  CLOSE_MS,
  cachedData,
  cacheStats,
  copyAsAfterCrash,
  expectEachOnce,
  numbered,
  numberedFrom,
  segmentsIn,
  until,
  untilEmpty,
  unusedAddress,
  withCache,
  writeAll,
} from '../../support/caching.js';
import { hotMuxer, newMuxer, wholeMuxer } from '../../support/muxer.js';
import { Receiver } from '../../support/receiver.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { scaled } from '../../support/scale.js';
import { type ScriptedConnection, ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

/** Without an indexer, `fail` and `always` do the same. */
const DARK_MODES = scaled<readonly CacheMode[]>(['always', 'journal'], CACHE_MODES);

/** A configuration whose close gives the disk its time. */
function given(...cache: Parameters<typeof withCache>) {
  return { ...withCache(...cache), closeTimeout: CLOSE_MS };
}

/** What the next run sends of what is in a folder, and nothing is left there. */
async function drain(path: string, count: number): Promise<readonly Arrival[]> {
  const recording = await Receiver.start();
  const muxer = newMuxer(given([recording.address], 'fail', { path }));
  muxer.start();
  await until('all of it', () => cacheStats(muxer).recoveredEntries >= count);
  await untilEmpty(muxer);
  expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  expect(segmentsIn(path)).toEqual([]);
  return recording.received;
}

describe('close', () => {
  it.each(DARK_MODES)('leaves what nobody has confirmed to the next start: %s', async (mode) => {
    const places = [await unusedAddress(), await unusedAddress()];
    const configuration = given(
      places.map(({ address }) => address),
      mode,
    );
    const muxer = coldMuxer(configuration);
    const entries = [...numberedFrom(0, 500), numbered(500, 100_000), ...numberedFrom(501, 600)];
    const written = writeAll(muxer, entries);
    expect(await closeAtOnce(muxer)).toEqual({ unconfirmed: 600, cached: 600 });
    await written;
    expectEachOnce(await drain(configuration.cache.path, 600), entries);
  });

  it.each(CACHE_MODES)(
    'leaves large entries that were sent as they were written: %s',
    async (mode) => {
      const indexer = await ScriptedIndexer.listen();
      const configuration = { ...given([indexer.address], mode), tags: ['other', 'test'] };
      const muxer = await hotMuxer(configuration);
      const source = '10.1.2.3';
      const entries = [
        { ...numbered(0), tag: 1, source },
        { ...numbered(1, 300_000), tag: 1, source },
        { ...numbered(2, 200_000), tag: 0, source },
      ];
      for (const [i, entry] of entries.entries()) {
        void muxer.writeEntry(entry);
        // There is room for one of them at a time: the last goes to the cache, or waits.
        if (i < 2) await (await indexer.hot(0)).entries(i + 1);
      }
      expect(await closeAtOnce(muxer)).toEqual({ unconfirmed: 3, cached: 3 });

      const other = await ScriptedIndexer.listen({ confirms: 'at once' });
      const next = newMuxer({
        ...configuration,
        targets: [other.address],
        tags: ['a', 'b', 'test'],
      });
      next.start();
      const connection = await other.hot(0);
      await connection.entries(3);
      const keys = (arrivals: readonly Arrival[]) => arrivals.map(keyOf).sort();
      expect(keys(connection.arrivals)).toEqual(
        keys(entries.map((entry) => expectedArrival(entry, entry.tag === 1 ? 'test' : 'other'))),
      );
    },
  );

  it.each(DARK_MODES)(
    'leaves it in the order of the writes of all runs, when there is one lane: %s',
    async (mode) => {
      const { address } = await unusedAddress();
      const configuration = given([address], mode);
      const entries = numberedFrom(0, 1600);
      for (const from of [0, 800]) {
        const muxer = coldMuxer(configuration);
        // The ring has room for a few hundred: the others go to the disk, and the last wait for it.
        await writeAll(muxer, entries.slice(from, from + 700));
        const last = writeAll(muxer, entries.slice(from + 700, from + 800));
        expect(await closeAtOnce(muxer)).toMatchObject({ unconfirmed: from + 800 });
        await last;
      }
      expectArrivals(await drain(configuration.cache.path, 1600), expectedArrivals(entries));
    },
  );

  it.each(CACHE_MODES)(
    'leaves a block of an earlier run in order when a part of it was in a ring: %s',
    async (mode) => {
      const { address } = await unusedAddress();
      const configuration = given([address], mode);
      const { path } = configuration.cache;
      const entries = numberedFrom(0, 1500);
      const first = newMuxer(configuration);
      first.start();
      await writeAll(first, entries);
      expect(await closeAtOnce(first)).toEqual({ unconfirmed: 1500, cached: 1500 });

      // It confirms nothing: the ring takes a part of the first block.
      const indexer = await ScriptedIndexer.listen();
      const second = newMuxer(given([indexer.address], mode, { path }));
      second.start();
      await until('a part of it', () => cacheStats(second).replayedEntries > 0);
      expect(await closeAtOnce(second)).toEqual({ unconfirmed: 1500, cached: 1500 });
      expectArrivals(await drain(path, 1500), expectedArrivals(entries));
    },
  );

  it.each(CACHE_MODES)('resolves writes that wait for room, and stores them: %s', async (mode) => {
    const indexer = await ScriptedIndexer.listen();
    const configuration = given([indexer.address], mode);
    const muxer = await hotMuxer(configuration);
    const entries = Array.from({ length: 60 }, (_, i) => numbered(i, 15_000));
    const written = writeAll(muxer, entries);
    const report = await closeAtOnce(muxer);
    await written;
    expect(report).toEqual({ unconfirmed: 60, cached: 60 });
    expectEachOnce(await drain(configuration.cache.path, 60), entries);
  });

  it('does not wait for an indexer that hangs for ever', async () => {
    const indexer = await ScriptedIndexer.listen({ greets: false, listens: false, lingers: true });
    const configuration = given([indexer.address], 'journal');
    const muxer = coldMuxer(configuration);
    const entries = numberedFrom(0, 1000);
    await writeAll(muxer, entries);
    await indexer.connection(0);
    expect(await closeAtOnce(muxer)).toEqual({ unconfirmed: 1000, cached: 1000 });
    expectEachOnce(await drain(configuration.cache.path, 1000), entries);
  });

  it('is the end of writing', async () => {
    const recording = await Receiver.start();
    const muxer = await hotMuxer(given([recording.address], 'journal'));
    const last = muxer.writeEntry(numbered(0));
    const closed = muxer.close();
    expect(() => muxer.writeEntry(numbered(1))).toThrow(NotRunningError);
    expect(() => muxer.writeBatch([numbered(1)])).toThrow(NotRunningError);
    expect(await closed).toEqual({ unconfirmed: 0, cached: 0 });
    await last;
    expect(() => muxer.writeEntry(numbered(1))).toThrow(NotRunningError);
    expect(recording.received).toHaveLength(1);
  });

  it('does not wait for the disk longer than storing takes, however seldom it is synced', async () => {
    const { address } = await unusedAddress();
    const sync = { everyMs: 60_000 };
    const configuration = given([address], 'journal', { sync });
    const muxer = coldMuxer(configuration);
    const entries = numberedFrom(0, 100);
    const written = Promise.allSettled(entries.map((entry) => muxer.writeEntry(entry)));
    expect(await closeAtOnce(muxer)).toEqual({ unconfirmed: 100, cached: 100 });
    expect(new Set((await written).map(({ status }) => status))).toEqual(new Set(['fulfilled']));
    expectEachOnce(await drain(configuration.cache.path, 100), entries);
  });

  it.each(DARK_MODES)(
    'stores everything also when the cache has reached its limit: %s',
    async (mode) => {
      const { address } = await unusedAddress();
      const configuration = given([address], mode, { maxBytes: 2 ** 20 });
      const muxer = coldMuxer(configuration);
      // Until it waits for the disk what is beyond.
      const entries = Array.from({ length: 200 }, (_, i) => numbered(i, 10_000));
      const written = writeAll(muxer, entries);
      await until('that it is full', () => cacheStats(muxer).isFull);
      expect(await closeAtOnce(muxer)).toEqual({ unconfirmed: 200, cached: 200 });
      await written;
      expectEachOnce(await drain(configuration.cache.path, 200), entries);
    },
  );

  it.each(CACHE_MODES)('keeps nothing of what is confirmed: %s', async (mode) => {
    const recordings = [await Receiver.start(), await RecordingIndexer.start({ ackDelay: 20 })];
    const targets = recordings.map(({ address }) => address);
    const configuration = given(targets, mode);
    const muxer = await wholeMuxer(configuration);
    const entries = numberedFrom(0, 800);
    await writeAll(muxer, entries);
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
    expect(segmentsIn(configuration.cache.path)).toEqual([]);
    expectEachOnce(
      recordings.flatMap(({ received }) => received),
      entries,
    );
  });

  it('while the cache is still being opened keeps nothing of what is confirmed', async () => {
    const recording = await Receiver.start();
    const path = temporaryDirectory();
    // It takes a while to look at so many, and to leave them alone: confirmations come before.
    const newer = Buffer.from('ringest\0\x02\0\0\0 of a newer format');
    for (let i = 1; i <= 2000; i++) {
      writeFileSync(join(path, `${i.toString(16).padStart(16, '0')}.segment`), newer);
    }
    const configuration = given([recording.address], 'journal', { path });
    const muxer = newMuxer({ ...configuration, closeTimeout: 60_000 });
    muxer.start();
    const written = muxer.writeBatch(numberedFrom(0, 10));
    await recording.entries(10);
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
    await written;
    expect(segmentsIn(path)).toHaveLength(2000);
  });

  it('right after the start leaves what an earlier run had left', async () => {
    const { address } = await unusedAddress();
    const first = given([address], 'journal');
    const earlier = coldMuxer({ ...first, closeTimeout: 1 });
    const entries = numberedFrom(0, 1000);
    await writeAll(earlier, entries);
    const path = copyAsAfterCrash(first.cache.path);
    for (let round = 0; round < 2; round++) {
      const muxer = newMuxer(given([address], 'journal', { path }));
      muxer.start();
      if (round > 0) for (let i = 0; i < round; i++) await turn();
      expect(await closeAtOnce(muxer)).toEqual({ unconfirmed: 1000, cached: 1000 });
    }
    expectEachOnce(await drain(path, 1000), entries);
  });
});

/** Confirms what comes, until so many entries in all are, and waits until the muxer has heard it. */
async function confirmTo(connection: ScriptedConnection, count: number, muxer: IngestMuxer) {
  for (let confirmed = 0; confirmed < count; ) {
    await connection.entries(confirmed + 1);
    confirmed = Math.min(connection.frames.length, count);
    connection.confirmThrough(confirmed);
  }
  await until('that it is told', () => muxer.stats().confirmedEntries === count);
}

describe('close in the middle of a replay', () => {
  it.each(CACHE_MODES)(
    'leaves exactly the rest of what an earlier run had left: %s',
    async (mode) => {
      const { address } = await unusedAddress();
      const first = given([address], 'journal');
      const earlier = coldMuxer({ ...first, closeTimeout: 1 });
      const entries = numberedFrom(0, 1800);
      await writeAll(earlier, entries);
      const path = copyAsAfterCrash(first.cache.path);
      const confirmed: Arrival[] = [];
      // What is left of what was left is no different.
      const rounds = mode === 'always' ? 2 : 1;
      for (let round = 0; round < rounds; round++) {
        const indexer = await ScriptedIndexer.listen();
        const configuration = given([indexer.address], mode, { path });
        const muxer = await hotMuxer(configuration);
        const connection = await indexer.hot(0);
        await confirmTo(connection, 300 * (round + 1), muxer);
        confirmed.push(...connection.arrivals.slice(0, 300 * (round + 1)));
        const left = entries.length - confirmed.length;
        expect(await closeAtOnce(muxer)).toEqual({ unconfirmed: left, cached: left });
        expect((await cachedData(path)).length).toBe(left);
      }
      const rest = await drain(path, entries.length - confirmed.length);
      expectEachOnce([...confirmed, ...rest], entries);
    },
  );

  it.each([
    { mode: 'fail', everyMs: 10, what: 'on the disk', counts: [500] },
    { mode: 'always', everyMs: 10, what: 'on the disk', counts: [300] },
    { mode: 'always', everyMs: 300, what: 'still in memory', counts: scaled([900], [100, 900]) },
    { mode: 'journal', everyMs: 10, what: 'on the disk', counts: [300] },
  ] as const)(
    'leaves exactly the rest of its own: $mode, what is brought back is $what',
    async ({ mode, everyMs, counts }) => {
      for (const count of counts) {
        const { address, port } = await unusedAddress();
        const configuration = given([address], mode, { sync: { everyMs } });
        const muxer = coldMuxer(configuration);
        const entries = numberedFrom(0, 1500);
        await writeAll(muxer, entries.slice(0, 1100));
        const indexer = await ScriptedIndexer.listen({ port });
        const connection = await indexer.hot(0);
        const more = writeAll(muxer, entries.slice(1100));
        await confirmTo(connection, count, muxer);
        const confirmed = connection.arrivals.slice(0, count);
        const left = entries.length - count;
        expect(await closeAtOnce(muxer)).toEqual({ unconfirmed: left, cached: left });
        await more;
        expect((await cachedData(configuration.cache.path)).length).toBe(left);
        const rest = await drain(configuration.cache.path, left);
        expectEachOnce([...confirmed, ...rest], entries);
      }
    },
  );
});

describe('a muxer with a cache that is never started', () => {
  it('closes, and touches nothing', async () => {
    const configuration = given(['tcp://127.0.0.1:1'], 'journal');
    const muxer = newMuxer(configuration);
    expect(muxer.cacheSize()).toBe(0);
    expect(cacheStats(muxer)).toMatchObject({ bytes: 0, pendingEntries: 0 });
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
    expectArrivals([], expectedArrivals([]));
    expect(segmentsIn(configuration.cache.path)).toEqual([]);
  });
});
