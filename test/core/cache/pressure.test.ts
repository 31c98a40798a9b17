import { once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { CACHE_MODES, type CacheMode, type EntryInput, type IngestMuxer } from '@ringest/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { coldMuxer, rollQuickly } from '../../support/cache-time.js';
import {
  cacheStats,
  expectEachOnce,
  numberedFrom,
  until,
  unusedAddress,
  withCache,
} from '../../support/caching.js';
import { hotMuxer } from '../../support/muxer.js';
import { Receiver } from '../../support/receiver.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { type ScriptedConnection, ScriptedIndexer } from '../../support/scripted-indexer.js';

const BYTES = 200;

beforeEach(rollQuickly);

/** Writes entries like somebody who looks at nothing but `willBlock` and `drain`. */
async function obey(
  muxer: IngestMuxer,
  mode: CacheMode,
  entries: readonly EntryInput[],
): Promise<void> {
  for (const [i, entry] of entries.entries()) {
    if (muxer.willBlock(BYTES)) await once(muxer, 'drain');
    // Others may have written since; nobody has here.
    expect(muxer.willBlock(BYTES)).toBe(false);
    const wait = muxer.writeEntry(entry);
    expect(wait === undefined).toBe(mode !== 'journal');
    if (i % 500 === 499) await turn();
  }
}

/** Confirms all that comes, until the test ends it. */
async function confirmAll(connection: ScriptedConnection, count: number): Promise<void> {
  for (let confirmed = 0; confirmed < count; ) {
    await connection.entries(confirmed + 1);
    confirmed = connection.frames.length;
    connection.confirmThrough(confirmed);
  }
}

describe('a writer that obeys willBlock and drain', () => {
  it.each(CACHE_MODES)('gets everything to disk while no indexer is there: %s', async (mode) => {
    const { address, listen } = await unusedAddress();
    const muxer = coldMuxer(withCache([address], mode));
    const entries = numberedFrom(0, 1000, BYTES);
    await obey(muxer, mode, entries);
    expect(muxer.stats().backlogEntries).toBe(0);
    const recording = await Receiver.start({ listen });
    await muxer.sync();
    expectEachOnce(recording.received, entries);
  });

  it.each(['fail', 'journal'] as const)(
    'gets it there also when none of two indexers is: %s',
    async (mode) => {
      const places = [await unusedAddress(), await unusedAddress()];
      const targets = places.map(({ address }) => address);
      const muxer = coldMuxer(withCache(targets, mode));
      const entries = numberedFrom(0, 1000, BYTES);
      await obey(muxer, mode, entries);
      expect(cacheStats(muxer).pendingEntries).toBe(1000);
      const recording = await Receiver.start({ listen: places[1]?.listen as string });
      await muxer.sync();
      expectEachOnce(recording.received, entries);
    },
  );

  it.each(['always', 'journal'] as const)('is served by a slow indexer: %s', async (mode) => {
    const recording = await RecordingIndexer.start({ ackDelay: 20 });
    const muxer = await hotMuxer(withCache([recording.address], mode));
    const entries = numberedFrom(0, 1000, BYTES);
    await obey(muxer, mode, entries);
    await muxer.sync();
    expectEachOnce(recording.received, entries);
  });

  it.each(['fail', 'journal'] as const)(
    'goes on when a cache that was full has room again: %s',
    async (mode) => {
      const { address, port } = await unusedAddress();
      const muxer = coldMuxer(withCache([address], mode, { maxBytes: 2 ** 20 }));
      const entries: EntryInput[] = [];
      let drained = 0;
      muxer.on('drain', () => drained++);
      for (let isStuck = false; !isStuck; ) {
        // All may be written before the disk has said that it is full.
        await turn();
        const more = numberedFrom(entries.length, entries.length + 50, 2000);
        while (more.length > 0 && !muxer.willBlock(2000)) {
          const entry = more.shift() as EntryInput;
          entries.push(entry);
          muxer.writeEntry(entry);
        }
        // What the disk has not seen makes no cache full.
        await until('the disk, or none for good', () => {
          const { isFull, unstoredBytes } = cacheStats(muxer);
          return isFull || (unstoredBytes === 0 && !muxer.willBlock(2000));
        });
        isStuck = muxer.willBlock(2000);
      }
      expect(cacheStats(muxer).isFull).toBe(true);
      const before = drained;
      const indexer = await ScriptedIndexer.listen({ port });
      const connection = await indexer.hot(0);
      const confirmed = confirmAll(connection, entries.length);
      await until('a drain', () => drained > before);
      await Promise.all([muxer.sync(), confirmed]);
      expectEachOnce(connection.arrivals, entries);
    },
  );
});

describe('willBlock with a cache that is in use', () => {
  it.each([0, 700, 16_000, 300_000])(
    'is false for whatever is written next: %s bytes',
    async (bytes) => {
      const indexer = await ScriptedIndexer.listen();
      const muxer = await hotMuxer(withCache([indexer.address], 'always'));
      for (let i = 0; i < 100; i++) {
        expect(muxer.willBlock(bytes)).toBe(false);
        expect(
          muxer.writeEntry({ timestamp: i, tag: 0, data: Buffer.alloc(bytes) }),
        ).toBeUndefined();
      }
    },
  );
});
