import { once } from 'node:events';
import { type EntryInput, TagRefusedError } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import {
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
  numberedFrom,
  until,
  untilEmpty,
  untilStored,
  unusedAddress,
  withCache,
} from '../../support/caching.js';
import { entries } from '../../support/entries.js';
import { hotMuxer, newMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { Receiver } from '../../support/receiver.js';
import { type ScriptedConnection, ScriptedIndexer } from '../../support/scripted-indexer.js';
import { MANY_PATHS, writeBy } from '../../support/write-paths.mjs';

/** Confirms what comes, until so many entries are. */
async function confirmAll(connection: ScriptedConnection, count: number): Promise<void> {
  for (let confirmed = 0; confirmed < count; ) {
    await connection.entries(confirmed + 1);
    confirmed = connection.frames.length;
    connection.confirmThrough(confirmed);
  }
}

const dataOf = (some: readonly EntryInput[]) => some.map(({ data }) => `${data}`);

/** The tag of every few entries is another one. */
const withTags = (some: readonly EntryInput[], tags: readonly number[], few = 10) =>
  some.map((one, i) => ({ ...one, tag: tags[Math.trunc(i / few) % tags.length] as number }));

// What finds no room is copied, and copies of one tag go together: as many entries as 16 KiB hold.
describe.each(MANY_PATHS)('many entries that wait for room, by %s,', (path) => {
  it('count one by one, in the statistics and in the error of a write that is given up', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
    const connection = await indexer.hot(0);
    const controller = new AbortController();
    const room = writeBy(path, muxer, entries(0, 1500), { signal: controller.signal });
    const first = muxer.stats();
    expect(first.writtenEntries + first.backlogEntries).toBe(1500);
    const behind = writeBy(path, muxer, entries(1500, 1800));
    expect(muxer.stats().backlogEntries).toBe(first.backlogEntries + 300);
    // Some of those that wait find room, in groups, and then no more.
    await connection.entries(first.writtenEntries);
    connection.confirmThrough(first.writtenEntries);
    await connection.entries(first.writtenEntries + 1);
    const { writtenEntries, backlogEntries } = muxer.stats();
    expect(writtenEntries).toBeGreaterThan(first.writtenEntries);
    expect(writtenEntries + backlogEntries).toBe(1800);
    controller.abort(new Error('enough'));
    await expect(room).rejects.toMatchObject({
      code: 'ERR_WRITE_ABANDONED',
      accepted: writtenEntries,
      refused: 1500 - writtenEntries,
    });
    expect(muxer.stats().backlogEntries).toBe(300);
    await Promise.all([behind, confirmAll(connection, writtenEntries + 300)]);
    await muxer.barrier();
    expect(muxer.stats()).toMatchObject({
      ...{ writtenEntries: writtenEntries + 300, confirmedEntries: writtenEntries + 300 },
      ...{ backlogEntries: 0, unconfirmedBytes: 0 },
    });
    expectArrivals(
      connection.arrivals,
      expectedArrivals([...entries(0, writtenEntries), ...entries(1500, 1800)]),
    );
  });

  it('keep their order, whatever their sizes and tags', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({
      ...{ targets: [indexer.address], ringBytes: SMALL_RING, tags: ['test', 'other'] },
    });
    const connection = await indexer.hot(0);
    const sizes = [0, 10, 300, 5000, 16_000, 17_000, 70_000];
    const some = withTags(
      Array.from({ length: 400 }, (_, i) => ({
        timestamp: i,
        tag: 0,
        data: Buffer.alloc(i % 40 < 33 ? 20 : (sizes[i % sizes.length] as number), `entry ${i} `),
      })),
      [0, 1],
    );
    await Promise.all([writeBy(path, muxer, some), confirmAll(connection, 400)]);
    expectArrivals(
      connection.arrivals,
      some.map((one) => expectedArrival(one, muxer.lookupTag(one.tag))),
    );
  });

  it('are counted by close, those in rings as unconfirmed', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
    const room = writeBy(path, muxer, entries(0, 1000)) as Promise<void>;
    const { writtenEntries } = muxer.stats();
    const [rejected, report] = await Promise.all([
      room.catch((error: unknown) => error),
      muxer.close(),
    ]);
    expect(rejected).toMatchObject({ accepted: writtenEntries, refused: 1000 - writtenEntries });
    expect(report).toEqual({ unconfirmed: writtenEntries, cached: 0 });
  });

  it('of a tag that is refused meanwhile are kept and counted, and the others arrive', async () => {
    const strict = await ScriptedIndexer.listen({
      confirms: 'at once',
      numberTags: (names) =>
        names.includes('bad') ? new Map() : new Map(names.map((name, i) => [name, 500 + i])),
      numberTag: (name) => (name === 'bad' ? undefined : 700),
    });
    const muxer = newMuxer({
      targets: [strict.address],
      tags: ['test', 'bad'],
      ringBytes: SMALL_RING,
    });
    const refused = once(muxer, 'error');
    muxer.start();
    const some = withTags(entries(0, 1500), [0, 1]);
    const room = writeBy(path, muxer, some);
    expect(muxer.stats().backlogEntries).toBeGreaterThan(1000);
    await refused;
    await room;
    await expect(muxer.sync()).rejects.toBeInstanceOf(TagRefusedError);
    const good = some.filter(({ tag }) => tag === 0);
    const arrived = strict.connections.flatMap(({ arrivals }) => arrivals).map(keyOf);
    // What was sent on the connection that was lost is sent again.
    expect([...new Set(arrived)].sort()).toEqual(expectedArrivals(good).map(keyOf).sort());
    expect(arrived.length).toBeLessThanOrEqual(750 + muxer.stats().resentEntries);
    expect(muxer.stats()).toMatchObject({ refusedEntries: 750, backlogEntries: 0 });
    expect(await muxer.close()).toEqual({ unconfirmed: 750, cached: 0 });
  });
});

/** Each mode with two of the ways; `writeEntry` is the one of the other tests of the cache. */
const CACHED = [
  ['fail', 'packed'],
  ['fail', 'lines'],
  ['always', 'writeBatch'],
  ['always', 'lines'],
  ['journal', 'packed'],
  ['journal', 'lines'],
] as const;

describe('entries that go to the cache', () => {
  it.each(CACHED)(
    'are stored and brought back in order, in the mode %s, by %s',
    async (mode, path) => {
      const { address, listen } = await unusedAddress();
      const given = withCache([address], mode);
      const muxer = coldMuxer(given);
      const some = numberedFrom(0, 1500, 50);
      await writeBy(path, muxer, some.slice(0, 900));
      await writeBy(path, muxer, some.slice(900));
      const { writtenEntries, backlogEntries } = muxer.stats();
      expect(backlogEntries).toBe(0);
      expect(writtenEntries).toBeLessThan(1500);
      expect(cacheStats(muxer).pendingEntries).toBe(1500 - writtenEntries);
      await untilStored(muxer);
      const stored = await cachedData(given.cache.path);
      const wanted = mode === 'journal' ? some : some.slice(writtenEntries);
      expect(stored.sort()).toEqual(dataOf(wanted).sort());
      const receiver = await Receiver.start({ listen });
      await muxer.sync();
      expectArrivals(receiver.received, expectedArrivals(some));
      await untilEmpty(muxer);
      expect(cacheStats(muxer).replayedEntries).toBe(1500 - writtenEntries);
    },
  );

  it.each(MANY_PATHS)('are there for the next run, in rings or waiting, by %s', async (path) => {
    const { address, listen } = await unusedAddress();
    const given = { ...withCache([address], 'fail'), closeTimeout: CLOSE_MS };
    const muxer = newMuxer(given);
    muxer.start();
    const some = numberedFrom(0, 1500, 50);
    const room = writeBy(path, muxer, some);
    // Nothing goes to the disk yet: the spill waits for a moment.
    expect(muxer.stats().backlogEntries).toBeGreaterThan(500);
    expect(await closeAtOnce(muxer)).toEqual({ unconfirmed: 1500, cached: 1500 });
    await room;
    const receiver = await Receiver.start({ listen });
    const next = await hotMuxer(given);
    await until('an open cache', () => cacheStats(next).isOpen);
    await untilEmpty(next);
    await next.sync();
    expect(cacheStats(next).recoveredEntries).toBe(1500);
    expectArrivals(receiver.received, expectedArrivals(some));
  });

  it.each(MANY_PATHS)('are copied by the journal once, by %s', async (path) => {
    const indexer = await ScriptedIndexer.listen();
    const given = { ...withCache([indexer.address], 'journal'), ringBytes: 2 ** 20 };
    const muxer = await hotMuxer(given);
    const some = numberedFrom(0, 1500, 50);
    await writeBy(path, muxer, some);
    expect(muxer.stats().writtenEntries).toBe(1500);
    expect(await cachedData(given.cache.path)).toEqual(dataOf(some));
    const connection = await indexer.hot(0);
    await confirmAll(connection, 1500);
    await muxer.barrier();
    await untilEmpty(muxer);
    expectArrivals(connection.arrivals, expectedArrivals(some));
  });
});

describe.each(MANY_PATHS)('many entries of a lane that is lost, by %s,', (path) => {
  it('go to the other lane, and count once', async () => {
    const first = await ScriptedIndexer.listen();
    const second = await ScriptedIndexer.listen({ confirms: 'at once' });
    const times = { firstRetry: 600_000, mostRetry: 600_000 };
    const muxer = await wholeMuxer({
      ...{
        targets: [first.address, second.address],
        ringBytes: SMALL_RING,
        times,
        batchBytes: 1000,
      },
    });
    const some = entries(0, 1500);
    const room = writeBy(path, muxer, some);
    const connection = await first.hot(0);
    await connection.until('something', () => connection.frames.length > 0);
    await first.close();
    await room;
    await muxer.sync({ timeout: 45_000 });
    const arrived = second.connections.flatMap(({ arrivals }) => arrivals);
    expect(arrived.map(keyOf).sort()).toEqual(expectedArrivals(some).map(keyOf).sort());
    expect(muxer.stats()).toMatchObject({
      ...{ writtenEntries: 1500, confirmedEntries: 1500, backlogEntries: 0, unconfirmedBytes: 0 },
    });
  });
});
