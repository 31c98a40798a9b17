import { setImmediate as turn } from 'node:timers/promises';
import { EntriesLostError, type EntryInput, type IngestMuxer } from '@ringest/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { coldMuxer, rollQuickly } from '../../support/cache-time.js';
import {
  cacheStats,
  copyAsAfterCrash,
  expectEachOnce,
  numbered,
  numberedFrom,
  until,
  untilStored,
  unusedAddress,
  withCache,
} from '../../support/caching.js';
import { hotMuxer } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { type ScriptedConnection, ScriptedIndexer } from '../../support/scripted-indexer.js';

const KINDS = ['sync', 'barrier'] as const;

beforeEach(rollQuickly);

function writeAll(muxer: IngestMuxer, entries: readonly EntryInput[]): void {
  for (const entry of entries) expect(muxer.writeEntry(entry)).toBeUndefined();
}

/** Confirms entries as they come, until so many are. */
async function confirmTo(connection: ScriptedConnection, count: number): Promise<void> {
  for (let confirmed = 0; confirmed < count; ) {
    await connection.entries(confirmed + 1);
    confirmed = Math.min(connection.frames.length, count);
    connection.confirmThrough(confirmed);
  }
}

/** What became of a promise so far. */
function watch(promise: Promise<void>): { state: 'waits' | 'resolved' | 'rejected' } {
  const watched: ReturnType<typeof watch> = { state: 'waits' };
  promise.then(
    () => {
      watched.state = 'resolved';
    },
    () => {
      watched.state = 'rejected';
    },
  );
  return watched;
}

describe('sync and barriers', () => {
  it.each(KINDS)('wait for what was written to the cache before: %s', async (kind) => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer(withCache([indexer.address], 'always'));
    const entries = numberedFrom(0, 800);
    writeAll(muxer, entries);
    const passed = watch(muxer[kind]());
    const connection = await indexer.hot(0);
    await confirmTo(connection, 799);
    await until('that it is told', () => muxer.stats().confirmedEntries === 799);
    expect(cacheStats(muxer).replayedEntries).toBeGreaterThan(200);
    expect(passed.state).toBe('waits');
    await connection.entries(800);
    connection.confirmThrough(800);
    await until('the end', () => passed.state === 'resolved');
    expectEachOnce(connection.arrivals, entries);
  });

  it('wait for nothing that is written later, though the cache never is empty', async () => {
    const recording = await RecordingIndexer.start({ ackDelay: 10 });
    const muxer = await hotMuxer(withCache([recording.address], 'always'));
    let written = 0;
    const write = (count: number) => {
      writeAll(muxer, numberedFrom(written, written + count));
      written += count;
    };
    write(1000);
    for (let round = 0; round < 3; round++) {
      const mine = written;
      const passed = watch(muxer.barrier());
      while (passed.state === 'waits') {
        if (cacheStats(muxer).pendingEntries < 1000) write(100);
        await turn();
        expect(written).toBeLessThan(200_000);
      }
      expect(passed.state).toBe('resolved');
      expect(cacheStats(muxer).pendingEntries).toBeGreaterThan(0);
      const arrived = new Set(recording.received.map(({ bytes }) => bytes.toString('latin1')));
      expect(arrived.size).toBeGreaterThanOrEqual(mine);
    }
  });

  it.each(KINDS)('wait for all of it also when many wait at different times: %s', async (kind) => {
    const { address, listen } = await unusedAddress();
    const muxer = coldMuxer(withCache([address], 'always'));
    await Promise.all(numberedFrom(0, 600).map((entry) => muxer.writeEntry(entry)));
    const order: number[] = [];
    const all: Promise<unknown>[] = [];
    for (let i = 0; i < 20; i++) {
      writeAll(muxer, numberedFrom(600 + i * 40, 640 + i * 40));
      all.push(muxer[kind]().then(() => order.push(i)));
      // In the middle of a segment, a block, and what is gathered for one.
      if (i % 3 === 0) await untilStored(muxer);
    }
    const recording = await RecordingIndexer.start({ listen, ackDelay: 5 });
    await Promise.all(all);
    expect(order).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expectEachOnce(recording.received, numberedFrom(0, 1400));
  });

  it('do not wait for what an earlier run has left', async () => {
    const { address } = await unusedAddress();
    const first = withCache([address], 'journal');
    const earlier = coldMuxer(first);
    await Promise.all(numberedFrom(0, 1200).map((entry) => earlier.writeEntry(entry)));
    const path = copyAsAfterCrash(first.cache.path);

    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer(withCache([indexer.address], 'always', { path }));
    await until('the old ones', () => cacheStats(muxer).pendingEntries > 500);
    const connection = await indexer.hot(0);
    const mine = numbered(10_000);
    const passed = watch(Promise.resolve(muxer.writeEntry(mine)).then(() => muxer.barrier()));
    for (let confirmed = 0; passed.state === 'waits'; await turn()) {
      const { length } = connection.frames;
      if (length > confirmed) connection.confirmThrough(length);
      confirmed = length;
    }
    expect(passed.state).toBe('resolved');
    expect(connection.frames.some(({ entry }) => entry.data.includes('entry 10000 '))).toBe(true);
  });

  it.each(KINDS)('reject when what they wait for was dropped: %s', async (kind) => {
    const { address } = await unusedAddress();
    const muxer = coldMuxer(
      withCache([address], 'always', { maxBytes: 2 ** 20, whenFull: 'drop-oldest' }),
    );
    await Promise.all(numberedFrom(0, 1000).map((entry) => muxer.writeEntry(entry)));
    const lost = muxer[kind]().catch((error) => error);
    writeAll(muxer, numberedFrom(1000, 7000));
    expect(await lost).toBeInstanceOf(EntriesLostError);
    expect(await lost).toMatchObject({ code: 'ERR_ENTRIES_LOST', reason: 'dropped' });
    expect(cacheStats(muxer).droppedEntries).toBeGreaterThanOrEqual((await lost).entries);
  });

  it('do not reject for what was dropped after all that they wait for is in rings', async () => {
    const { address, port } = await unusedAddress();
    const input = { maxBytes: 2 ** 20, whenFull: 'drop-oldest' } as const;
    const muxer = coldMuxer(withCache([address], 'always', input));
    // Twice the ring: the rest is in the cache.
    await Promise.all(numberedFrom(0, 500).map((entry) => muxer.writeEntry(entry)));
    const passed = watch(muxer.barrier());
    const indexer = await ScriptedIndexer.listen({ port });
    const connection = await indexer.hot(0);
    await confirmTo(connection, 400);
    await until('that all is in rings', () => cacheStats(muxer).pendingEntries === 0);
    // Room is released by whole socket writes: none may have later entries too.
    await connection.entries(500);
    expect(passed.state).toBe('waits');
    writeAll(muxer, numberedFrom(500, 7000));
    await until('that some are dropped', () => cacheStats(muxer).droppedEntries > 0);
    expect(passed.state).toBe('waits');
    connection.confirmThrough(500);
    await until('the end', () => passed.state !== 'waits');
    expect(passed.state).toBe('resolved');
  });
});
