import { setImmediate as turn } from 'node:timers/promises';
import {
  BatchError,
  type EntryInput,
  EnumeratedType,
  EnumeratedValue,
  type IngestMuxer,
  WriteAbandonedError,
} from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrivals } from '../../support/arrivals.js';
import { closeAtOnce, coldMuxer, rollQuickly } from '../../support/cache-time.js';
import {
  CLOSE_MS,
  cachedData,
  cacheStats,
  copyAsAfterCrash,
  expectEachOnce,
  numbered,
  numberedFrom,
  segmentsIn,
  untilEmpty,
  unusedAddress,
  withCache,
} from '../../support/caching.js';
import { hotMuxer } from '../../support/muxer.js';
import { Receiver } from '../../support/receiver.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

const dataOf = (entries: readonly EntryInput[]) => entries.map(({ data }) => `${data}`);

/** Has a muxer write, without an indexer: the folder as it is when it crashes after that. */
async function leave(write: (muxer: IngestMuxer) => Promise<unknown> | undefined) {
  const { address } = await unusedAddress();
  const given = withCache([address], 'journal');
  const muxer = coldMuxer(given);
  await write(muxer);
  return copyAsAfterCrash(given.cache.path);
}

/** Writes some hundred entries: their numbers in the order in which their promises resolve. */
async function resolutions(muxer: IngestMuxer): Promise<number[]> {
  const resolved: number[] = [];
  const waits: Promise<unknown>[] = [];
  for (let i = 0; i < 400; i++) {
    waits.push(muxer.writeEntry(numbered(i))?.then(() => resolved.push(i)) ?? expect.fail());
    if (i % 30 === 29) await turn();
  }
  await Promise.all(waits);
  return resolved;
}

describe('a write under the journal', () => {
  it('returns a promise in any case, one for all writes of a turn', async () => {
    const recording = await Receiver.start();
    const muxer = await hotMuxer(withCache([recording.address], 'journal'));
    const first = muxer.writeEntry(numbered(0));
    expect(first).toBeInstanceOf(Promise);
    expect(muxer.writeEntry(numbered(1))).toBe(first);
    expect(muxer.writeBatch(numberedFrom(2, 10))).toBe(first);
    expect(muxer.write(10, 0, 'ten')).toBe(first);
    expect(await first).toBeUndefined();
    const later = muxer.writeEntry(numbered(11));
    expect(later).not.toBe(first);
    await later;
    await muxer.sync();
    expect(recording.received).toHaveLength(12);
  });

  it('resolves once the entry is in a file, though no indexer has it', async () => {
    const { address } = await unusedAddress();
    const given = withCache([address], 'journal');
    const muxer = coldMuxer(given);
    const entries = numberedFrom(0, 15);
    for (const [i, entry] of entries.entries()) {
      await muxer.writeEntry(entry);
      expect((await cachedData(given.cache.path)).at(-1)).toBe(`${entry.data}`);
      expect(cacheStats(muxer)).toMatchObject({ entries: i + 1, pendingEntries: 0 });
    }
    expect(await cachedData(given.cache.path)).toEqual(dataOf(entries));
  });

  it.each(['always', 'never', { everyMs: 100 }] as const)(
    'resolves after those before it, with sync %o',
    async (sync) => {
      const recording = await Receiver.start();
      const given = withCache([recording.address], 'journal', { sync });
      const muxer = await hotMuxer({ ...given, ringBytes: 2 ** 20 });
      expect(await resolutions(muxer)).toEqual(Array.from({ length: 400 }, (_, i) => i));
    },
  );

  it('resolves after those before it, also where those had to wait for room', async () => {
    const recording = await Receiver.start();
    const muxer = await hotMuxer(withCache([recording.address], 'journal'));
    expect(await resolutions(muxer)).toEqual(Array.from({ length: 400 }, (_, i) => i));
  });

  it('waits no longer for the disk than it is told to, and is delivered all the same', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer(
      withCache([indexer.address], 'journal', { sync: { everyMs: 1000 } }),
    );
    const timed = muxer.writeEntry(numbered(0), { timeout: 20 });
    const controller = new AbortController();
    const { signal } = controller;
    const signalled = muxer.writeBatch(numberedFrom(1, 4), { signal });
    const patient = muxer.writeEntry(numbered(4));
    const error = await timed?.catch((reason) => reason);
    expect(error).toBeInstanceOf(WriteAbandonedError);
    expect(error).toMatchObject({ accepted: 1, refused: 0, cause: { code: 'ERR_WAIT_TIMEOUT' } });
    controller.abort(new Error('enough'));
    await expect(signalled).rejects.toMatchObject({
      code: 'ERR_WRITE_ABANDONED',
      accepted: 3,
      refused: 0,
      cause: { message: 'enough' },
    });
    const connection = await indexer.hot(0);
    await connection.entries(5);
    expectArrivals(connection.arrivals, expectedArrivals(numberedFrom(0, 5)));
    await patient;
  });

  it('that waits for room resolves when it has found some and is stored', async () => {
    rollQuickly();
    const { address, listen } = await unusedAddress();
    const given = withCache([address], 'journal');
    const muxer = coldMuxer(given);
    const entries = numberedFrom(0, 800);
    const waits = entries.map((entry) => muxer.writeEntry(entry));
    await Promise.all(waits);
    expect((await cachedData(given.cache.path)).sort()).toEqual(dataOf(entries).sort());
    const recording = await Receiver.start({ listen });
    await muxer.sync();
    expectArrivals(recording.received, expectedArrivals(entries));
    await untilEmpty(muxer);
  });

  it('goes to the disk when an indexer that is hot has confirmed nothing for a moment', async () => {
    const indexer = await ScriptedIndexer.listen();
    // This thread answers pings: if it gets no processor for long, the connection must not be given up.
    const times = { silence: 60_000 };
    const muxer = await hotMuxer({ ...withCache([indexer.address], 'journal'), times });
    const entries = numberedFrom(0, 800);
    await Promise.all(entries.map((entry) => muxer.writeEntry(entry)));
    expect(muxer.stats().backlogEntries).toBe(0);
    const connection = await indexer.hot(0);
    for (let confirmed = 0; confirmed < entries.length; confirmed = connection.frames.length) {
      await connection.entries(confirmed + 1);
      connection.confirmThrough(connection.frames.length);
    }
    expectArrivals(connection.arrivals, expectedArrivals(entries));
  });
});

describe('what a journal has copied', () => {
  it('is what was written, to the byte, whatever its kind and size', async () => {
    rollQuickly();
    const entries: EntryInput[] = [];
    const sizes = [0, 1, 7, 63, 64, 65, 300, 4095, 16_383, 16_384, 20_000, 65_536, 70_001, 200_000];
    for (const [i, bytes] of [...sizes, 1_100_000, 2_500_000, ...sizes].entries()) {
      const common = { timestamp: i % 2 ? `2024-05-06T07:08:09.${i}Z` : i, tag: 0 } as const;
      entries.push(
        { ...common, data: Buffer.alloc(bytes, `${i} `) },
        { ...common, data: `${i} é €`.repeat(bytes / 8), source: '10.20.30.40' },
        { ...common, data: Buffer.alloc(bytes, 'x').subarray(1), source: '2001:db8::7' },
        {
          ...common,
          data: `${i}`,
          enumeratedValues: [
            EnumeratedValue.of('n', EnumeratedType.uint64, 2n ** 60n + BigInt(i)),
            EnumeratedValue.of('text', EnumeratedType.string, 'y'.repeat(i * 50)),
          ],
        },
      );
    }
    const path = await leave((muxer) =>
      Promise.all(entries.map((entry) => muxer.writeEntry(entry))),
    );
    const recording = await Receiver.start();
    const next = await hotMuxer(withCache([recording.address], 'journal', { path }));
    await recording.entries(entries.length);
    expectEachOnce(recording.received, entries);
    await untilEmpty(next);
    expect(cacheStats(next).recoveredEntries).toBe(entries.length);
  });

  it('is right over many laps of a small ring, with frames of odd sizes', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const given = withCache([indexer.address], 'journal');
    const muxer = await hotMuxer({ ...given, batchBytes: 5000 });
    const entries = Array.from({ length: 1500 }, (_, i) => numbered(i, (i * 37) % 1500));
    const seen = new Set<string>();
    for (const [i, entry] of entries.entries()) {
      const stored = muxer.writeEntry(entry);
      if (muxer.willBlock(1500)) await stored;
      if (i % 500 !== 499) continue;
      await stored;
      for (const data of await cachedData(given.cache.path)) seen.add(data);
    }
    const wanted = new Set(dataOf(entries));
    expect([...seen].filter((data) => !wanted.has(data))).toEqual([]);
    expect(seen.size).toBeGreaterThan(300);
    await muxer.sync();
    const connection = await indexer.hot(0);
    expectArrivals(connection.arrivals, expectedArrivals(entries));
  });

  it('has nothing of a batch that is refused as a whole', async () => {
    const path = await leave(async (muxer) => {
      for (let i = 0; i < 200; i++) {
        const good = numberedFrom(i * 10, i * 10 + 5);
        const bad = [...numberedFrom(i * 10 + 5, i * 10 + 10), { ...numbered(0), tag: 77 }];
        expect(() => muxer.writeBatch(bad)).toThrow(BatchError);
        muxer.writeBatch(good);
        expect(() => muxer.writeBatch(bad)).toThrow(BatchError);
        if (i % 20 === 0) await turn();
      }
      await muxer.writeEntry(numbered(5000));
    });
    const wanted = Array.from({ length: 200 }, (_, i) => numberedFrom(i * 10, i * 10 + 5));
    const stored = await cachedData(path);
    expect(stored.sort()).toEqual(dataOf([...wanted.flat(), numbered(5000)]).sort());
  });

  it('is removed once it is confirmed, also when nothing is written any more', async () => {
    rollQuickly();
    const indexer = await ScriptedIndexer.listen();
    const given = withCache([indexer.address], 'journal');
    const muxer = await hotMuxer(given);
    await muxer.writeBatch(numberedFrom(0, 100));
    const connection = await indexer.hot(0);
    await connection.entries(100);
    connection.confirmThrough(99);
    // A segment that is ended is removed as soon as it can be. Then entries go to another one.
    let written = 100;
    while (segmentsIn(given.cache.path).length < 2) await muxer.writeEntry(numbered(written++));
    expect(cacheStats(muxer).entries).toBe(written);
    await connection.entries(written);
    connection.confirmThrough(written);
    await untilEmpty(muxer);
    expect(segmentsIn(given.cache.path)).toEqual([]);
  });

  it('is sent by the next run as far as no indexer has confirmed it', async () => {
    rollQuickly();
    const indexer = await ScriptedIndexer.listen();
    const given = { ...withCache([indexer.address], 'journal'), closeTimeout: CLOSE_MS };
    const muxer = await hotMuxer(given);
    const entries = numberedFrom(0, 200);
    await muxer.writeBatch(entries);
    const connection = await indexer.hot(0);
    await connection.entries(200);
    connection.confirmThrough(120);
    while (muxer.stats().confirmedEntries < 120) await turn();
    expect(await closeAtOnce(muxer)).toEqual({ unconfirmed: 80, cached: 80 });
    expect(await cachedData(given.cache.path)).toEqual(dataOf(entries.slice(120)));
    const recording = await Receiver.start();
    const next = await hotMuxer(
      withCache([recording.address], 'journal', { path: given.cache.path }),
    );
    await recording.entries(80);
    await untilEmpty(next);
    expectArrivals(recording.received, expectedArrivals(entries.slice(120)));
    expect(cacheStats(next)).toMatchObject({ recoveredEntries: 80, replayedEntries: 80 });
  });

  it('goes away while entries come without a pause', async () => {
    rollQuickly();
    const recording = await Receiver.start();
    const muxer = await hotMuxer(withCache([recording.address], 'journal', { maxBytes: 2 ** 20 }));
    let written = 0;
    // Many times what the cache may hold.
    while (written < 9000) {
      const stored = muxer.writeEntry(numbered(written++));
      if (muxer.willBlock(300)) await stored;
    }
    await muxer.sync();
    await untilEmpty(muxer);
    expectEachOnce(recording.received, numberedFrom(0, written));
    expect(cacheStats(muxer)).toMatchObject({ droppedEntries: 0, isFull: false });
  });
});
