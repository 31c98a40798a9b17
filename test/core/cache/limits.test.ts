import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import {
  BacklogFullError,
  CACHE_MODES,
  type CacheMode,
  type EntryInput,
  type IngestMuxer,
} from '@ringest/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { closeAtOnce, coldMuxer, rollQuickly } from '../../support/cache-time.js';
import {
  CLOSE_MS,
  cacheStats,
  expectEachOnce,
  numbered,
  numberedFrom,
  until,
  untilEmpty,
  untilStored,
  unusedAddress,
  withCache,
} from '../../support/caching.js';
import { collectLogs, hotMuxer } from '../../support/muxer.js';
import { Receiver } from '../../support/receiver.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { scaled } from '../../support/scale.js';

const MOST = 2 ** 20;
/** More of what it takes than the limit. */
const MANY = 2500;

beforeEach(rollQuickly);

const writeAll = (muxer: IngestMuxer, entries: readonly EntryInput[]) =>
  entries.map((entry) => muxer.writeEntry(entry));

describe('a cache that has reached its limit', () => {
  it.each(scaled<readonly CacheMode[]>(['always', 'journal'], CACHE_MODES))(
    'has writes wait, which go on when there is room: %s',
    async (mode) => {
      const { address, listen } = await unusedAddress();
      const { logger, lines } = collectLogs();
      const muxer = coldMuxer({ ...withCache([address], mode, { maxBytes: MOST }), logger });
      const entries: EntryInput[] = [];
      const waits: (Promise<void> | undefined)[] = [];
      // Until there are some that wait, though the disk has been tried for a while.
      for (let full = false; !full && entries.length < 400_000; ) {
        const more = numberedFrom(entries.length, entries.length + 2000);
        entries.push(...more);
        waits.push(...writeAll(muxer, more));
        // Entries wait in memory for a while before the disk is used at all.
        await until('the disk', () => {
          const { isFull, unstoredBytes } = cacheStats(muxer);
          return isFull || (unstoredBytes === 0 && muxer.stats().backlogEntries === 0);
        });
        full = cacheStats(muxer).isFull && muxer.stats().backlogEntries > 0;
      }
      await until('that it is full', () => cacheStats(muxer).isFull);
      expect(cacheStats(muxer).bytes).toBeLessThanOrEqual(MOST);
      const { backlogEntries } = muxer.stats();
      expect(backlogEntries).toBeGreaterThan(0);
      expect(lines.filter((line) => line.includes('the cache is full'))).toHaveLength(1);
      const recording = await Receiver.start({ listen });
      await Promise.all(waits);
      await muxer.sync();
      expectEachOnce(recording.received, entries);
      await untilEmpty(muxer);
      expect(cacheStats(muxer)).toMatchObject({ isFull: false, droppedEntries: 0 });
      expect(lines.some((line) => line.includes('the cache has room again'))).toBe(true);
    },
  );

  it.each(scaled<readonly CacheMode[]>(['always'], ['fail', 'always']))(
    'drops whole segments, the oldest first, if it is told to, and says so: %s',
    async (mode) => {
      const { address, listen } = await unusedAddress();
      const { logger, lines } = collectLogs();
      const muxer = coldMuxer({
        ...withCache([address], mode, { maxBytes: MOST, whenFull: 'drop-oldest' }),
        logger,
      });
      const entries = numberedFrom(0, 4 * MANY);
      for (let at = 0; at < entries.length; at += 1000) {
        await Promise.all(writeAll(muxer, entries.slice(at, at + 1000)));
      }
      await untilStored(muxer);
      const { droppedEntries, pendingEntries, bytes, isFull } = cacheStats(muxer);
      const inRing = muxer.stats().writtenEntries;
      expect(bytes).toBeLessThanOrEqual(MOST);
      expect(isFull).toBe(false);
      expect(droppedEntries).toBeGreaterThan(MANY);
      expect(inRing + droppedEntries + pendingEntries).toBe(entries.length);
      const told = () =>
        lines.flatMap((line) => {
          const { msg, droppedEntries: count } = JSON.parse(line);
          return msg.startsWith('the cache dropped its oldest segments') ? [count] : [];
        });
      await until('that it is logged', () => told().at(-1) === droppedEntries);

      const recording = await Receiver.start({ listen });
      await muxer.sync();
      const kept = [...entries.slice(0, inRing), ...entries.slice(inRing + droppedEntries)];
      expectEachOnce(recording.received, kept);
      await untilEmpty(muxer);
    },
  );

  it.each(['fail', 'always'] as const)(
    'drops nothing for what is left in rings at the end: %s',
    async (mode) => {
      const { address } = await unusedAddress();
      const muxer = coldMuxer({
        ...withCache([address], mode, { maxBytes: MOST, whenFull: 'drop-oldest' }),
        // What it takes is too much for what the limit leaves.
        ringBytes: MOST / 2,
        closeTimeout: CLOSE_MS,
      });
      for (let at = 0; at < 4 * MANY; at += 1000) {
        await Promise.all(writeAll(muxer, numberedFrom(at, at + 1000)));
      }
      await untilStored(muxer);
      const { droppedEntries } = cacheStats(muxer);
      expect(droppedEntries).toBeGreaterThan(0);
      const left = 4 * MANY - droppedEntries;
      expect(await closeAtOnce(muxer)).toEqual({ unconfirmed: left, cached: left });
      expect(cacheStats(muxer)).toMatchObject({ droppedEntries });
    },
  );

  it('drops copies of what is in rings, which arrive all the same: journal', async () => {
    const { address, listen } = await unusedAddress();
    const cache = { mode: 'journal', whenFull: 'drop-oldest' } as const;
    const muxer = coldMuxer({
      ...withCache([address], 'fail', { maxBytes: MOST, ...cache }),
      ringBytes: 2 ** 23,
    });
    const entries = numberedFrom(0, 4 * MANY);
    await Promise.all(writeAll(muxer, entries));
    await untilStored(muxer);
    expect(cacheStats(muxer).bytes).toBeLessThanOrEqual(MOST);
    expect(cacheStats(muxer)).toMatchObject({ droppedEntries: 0, pendingEntries: 0 });
    const recording = await Receiver.start({ listen });
    await muxer.sync();
    expectEachOnce(recording.received, entries);
  });

  it('stops a writer that ignores its promises', async () => {
    const { address } = await unusedAddress();
    const configuration = withCache([address], 'always', { maxBytes: MOST });
    const muxer = coldMuxer({ ...configuration, backlogBytes: 100_000 });
    // From now on, what finds no room goes to the disk at once.
    await Promise.all(writeAll(muxer, numberedFrom(0, 300)));
    const write = async () => {
      for (let i = 300; i < 1_000_000; i++) {
        muxer.writeEntry(numbered(i, 1000))?.catch(() => {});
        if (i % 50 !== 0) continue;
        // It is the limit that stops the writer, not the speed of the disk.
        await turn();
        await until('the disk', () => {
          const { isFull, unstoredBytes } = cacheStats(muxer);
          return isFull || unstoredBytes === 0;
        });
      }
    };
    await expect(write()).rejects.toThrow(BacklogFullError);
    expect(cacheStats(muxer).isFull).toBe(true);
  });

  it.each([
    { mode: 'journal', what: 'confirmed copies' },
    { mode: 'always', what: 'entries that are brought back' },
  ] as const)(
    'makes room for an entry as large as the limit: $mode, by removing $what',
    async ({ mode }) => {
      const recording = await RecordingIndexer.start({ ackDelay: 20 });
      const muxer = await hotMuxer(withCache([recording.address], mode, { maxBytes: MOST }));
      const entries = Array.from({ length: 40 }, (_, i) =>
        numbered(i, i % 4 === 3 ? MOST : 20_000),
      );
      for (const entry of entries) {
        muxer.writeEntry(entry)?.catch(() => {});
        if (muxer.willBlock(MOST)) await once(muxer, 'drain');
      }
      await muxer.sync();
      expectEachOnce(recording.received, entries);
      await untilEmpty(muxer);
    },
  );
});
