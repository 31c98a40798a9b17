import { once } from 'node:events';
import type { EntryInput, IngestMuxer } from '@ringest/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Arrival, expectedArrival, keyOf } from '../../support/arrivals.js';
import { closeAtOnce, coldMuxer, rollQuickly } from '../../support/cache-time.js';
import {
  CLOSE_MS,
  cachedData,
  cacheStats,
  copyAsAfterCrash,
  segmentsIn,
  until,
  untilEmpty,
  untilStored,
  unusedAddress,
  withCache,
} from '../../support/caching.js';
import { newMuxer } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';

const entry = (i: number, tag: number): EntryInput => ({
  timestamp: i,
  tag,
  data: `entry ${i} `.padEnd(50, 'x'),
});

const MODES = ['always', 'journal'] as const;

beforeEach(rollQuickly);

/** Entries of some tags in turn, each with the name of its tag. */
function ofTags(muxer: IngestMuxer, names: readonly string[], count: number) {
  return Array.from({ length: count }, (_, i) => {
    const name = names[i % names.length] as string;
    return { entry: entry(i, muxer.getTag(name)), name };
  });
}

type Named = ReturnType<typeof ofTags>[number];

const keysOf = (arrivals: readonly Arrival[]) => arrivals.map(keyOf).sort();
const expectedKeys = (named: readonly Named[]) =>
  keysOf(named.map(({ entry: one, name }) => expectedArrival(one, name)));

/** Has a muxer with tags write entries of all of them while no indexer is there, and crash. */
async function leave(mode: (typeof MODES)[number], tags: readonly string[], late: string) {
  const { address } = await unusedAddress();
  const path = temporaryDirectory();
  const muxer = coldMuxer({ ...withCache([address], mode, { path }), tags });
  const early = ofTags(muxer, [...tags, 'gravwell'], 600);
  await Promise.all(early.map(({ entry: one }) => muxer.writeEntry(one)));
  muxer.negotiateTag(late);
  const more = ofTags(muxer, [late, ...tags], 600);
  await Promise.all(more.map(({ entry: one }) => muxer.writeEntry(one)));
  await untilStored(muxer);
  // What is in rings only is lost by that.
  const inRings = mode === 'journal' ? 0 : muxer.stats().writtenEntries;
  return { path: copyAsAfterCrash(path), left: [...early, ...more].slice(inRings) };
}

/** An indexer that refuses the tag `bad` as long as it is told to. */
function refusing(isRefusing: () => boolean, confirms: 'never' | 'at once' = 'at once') {
  const refuses = (name: string) => name === 'bad' && isRefusing();
  return ScriptedIndexer.listen({
    confirms,
    numberTags: (names) =>
      names.some(refuses) ? new Map() : new Map(names.map((name, i) => [name, 500 + i])),
    numberTag: (name) => (refuses(name) ? undefined : 700 + name.charCodeAt(0)),
  });
}

describe('entries that an earlier run has left', () => {
  it.each(MODES)('arrive with their tags by name, beside new ones: %s', async (mode) => {
    const { path, left } = await leave(mode, ['one', 'two', 'three'], 'late');
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    // `two` and `late` are not among the tags of this run, which has others in their places.
    const tags = ['new', 'three', 'newer', 'one'];
    const muxer = newMuxer({ ...withCache([indexer.address], mode, { path }), tags });
    muxer.start();
    const fresh = ofTags(muxer, tags, 100);
    await Promise.all(fresh.map(({ entry: one }) => muxer.writeEntry(one)));
    await until('all of it', () => cacheStats(muxer).recoveredEntries === left.length);
    await muxer.sync();
    await untilEmpty(muxer);
    expect(muxer.knownTags().slice(0, 4)).toEqual(tags);
    expect([...muxer.knownTags()].sort()).toEqual([...tags, 'two', 'late'].sort());
    const { arrivals } = await indexer.hot(0);
    const known = arrivals.map(({ tag, bytes }) =>
      // The indexer gives the tag `gravwell` no number: it has one.
      tag === 'number 65535' ? { tag: 'gravwell', bytes } : { tag, bytes },
    );
    expect(keysOf(known)).toEqual(expectedKeys([...left, ...fresh]));
  });
});

describe('entries in the cache with a tag that every indexer refuses', () => {
  it('stop nothing else, stay in the cache at the end, and go to an indexer that takes them', async () => {
    const { address } = await unusedAddress();
    const path = temporaryDirectory();
    const tags = ['good', 'bad'];
    const first = coldMuxer({ ...withCache([address], 'journal', { path }), tags });
    const left = ofTags(first, tags, 800);
    await Promise.all(left.map(({ entry: one }) => first.writeEntry(one)));
    const crashed = copyAsAfterCrash(path);
    const bad = left.filter(({ name }) => name === 'bad');
    const good = left.filter(({ name }) => name === 'good');

    let isRefusing = true;
    const indexer = await refusing(() => isRefusing);
    const configuration = {
      ...withCache([indexer.address], 'journal', { path: crashed }),
      tags: ['good'],
    };
    const second = newMuxer({ ...configuration, closeTimeout: CLOSE_MS });
    const refused = once(second, 'error');
    second.start();
    const arrivals = () => indexer.connections.flatMap((connection) => connection.arrivals);
    await until('all good ones', () => new Set(arrivals().map(keyOf)).size >= good.length);
    expect(await refused).toMatchObject([{ code: 'ERR_TAG_REFUSED', tag: 'bad' }]);
    expect([...new Set(keysOf(arrivals()))]).toEqual(expectedKeys(good));
    await until('that they are refused', () => second.stats().refusedEntries === bad.length);
    expect(await second.close()).toEqual({ unconfirmed: bad.length, cached: bad.length });
    expect((await cachedData(crashed)).sort()).toEqual(
      bad.map(({ entry: one }) => `${one.data}`).sort(),
    );

    isRefusing = false;
    const before = arrivals().length;
    const third = newMuxer(configuration);
    third.start();
    await until('the bad ones', () => arrivals().length >= before + bad.length);
    await untilEmpty(third);
    expect(keysOf(arrivals().slice(before))).toEqual(expectedKeys(bad));
  });

  it.each([
    { what: 'still refused', isTaken: false },
    { what: 'taken, but waiting for room', isTaken: true },
  ])(
    'come before what was written later in the next run: at the close $what',
    async ({ isTaken }) => {
      let isRefusing = true;
      const indexer = await refusing(() => isRefusing, 'never');
      const path = temporaryDirectory();
      const configuration = {
        ...withCache([indexer.address], 'always', { path }),
        closeTimeout: CLOSE_MS,
      };
      const first = newMuxer({ ...configuration, tags: ['good'] });
      first.start();
      // They are written before any indexer has said that it does not take them.
      const bad = first.negotiateTag('bad');
      // Longer than the others: what these leave free at the end of the ring is too short for them.
      const early = Array.from({ length: 5 }, (_, i) => ({
        ...entry(i, bad),
        data: `early ${i} `.padEnd(500, 'x'),
      }));
      await Promise.all(early.map((one) => first.writeEntry(one)));
      await until('that they are refused', () => first.stats().refusedEntries === 5);
      // More than the ring has room for: the rest goes to the disk.
      const late = Array.from({ length: 1500 }, (_, i) => entry(5 + i, 0));
      await Promise.all(late.map((one) => first.writeEntry(one)));
      if (isTaken) {
        isRefusing = false;
        for (const { socket } of indexer.connections) socket.destroy();
        await until('that they wait for room', () => first.stats().backlogEntries === 5);
      }
      expect(await closeAtOnce(first)).toEqual({ unconfirmed: 1505, cached: 1505 });

      const other = await ScriptedIndexer.listen({ confirms: 'at once' });
      const second = newMuxer({
        ...withCache([other.address], 'journal', { path }),
        tags: ['good', 'bad'],
      });
      second.start();
      await until('all of it', () => cacheStats(second).recoveredEntries === 1505);
      await second.sync();
      const { arrivals } = await other.hot(0);
      const expected = [
        ...early.map((one) => expectedArrival(one, 'bad')),
        ...late.map((one) => expectedArrival(one, 'good')),
      ];
      expect(arrivals.map(keyOf)).toEqual(expected.map(keyOf));
    },
  );

  it('go when an indexer of the same run takes them', async () => {
    const { address } = await unusedAddress();
    const path = temporaryDirectory();
    const tags = ['good', 'bad'];
    const first = coldMuxer({ ...withCache([address], 'journal', { path }), tags });
    const left = ofTags(first, tags, 800);
    await Promise.all(left.map(({ entry: one }) => first.writeEntry(one)));
    const bad = left.filter(({ name }) => name === 'bad');

    let isRefusing = true;
    const indexer = await refusing(() => isRefusing);
    const second = newMuxer({
      ...withCache([indexer.address], 'journal', { path: copyAsAfterCrash(path) }),
      tags,
    });
    second.start();
    await until('that they are refused', () => second.stats().refusedEntries === bad.length);
    const segments = cacheStats(second).entries;
    expect(segments).toBeGreaterThanOrEqual(bad.length);
    isRefusing = false;
    for (const { socket } of indexer.connections) socket.destroy();
    await untilEmpty(second);
    await second.sync();
    const arrivals = indexer.connections.flatMap((connection) => connection.arrivals);
    expect([...new Set(keysOf(arrivals))]).toEqual(expectedKeys(left));
  });

  it('are accepted for the journal while it is only an indexer that refuses them', async () => {
    let isRefusing = true;
    const indexer = await refusing(() => isRefusing);
    const path = temporaryDirectory();
    const muxer = newMuxer({
      ...withCache([indexer.address], 'journal', { path }),
      tags: ['good'],
    });
    muxer.start();
    const bad = muxer.negotiateTag('bad');
    const entries = Array.from({ length: 100 }, (_, i) => entry(i, i % 2 === 0 ? bad : 0));
    // They are written before any indexer has said that it does not take them.
    const waits = entries.map((one) => muxer.writeEntry(one));
    await Promise.all(waits);
    await until('that they are refused', () => muxer.stats().refusedEntries === 50);
    await until('that the rest is confirmed', () => muxer.stats().confirmedEntries === 50);
    // What is confirmed is removed; these stay, in a place of their own.
    const refused = entries.filter(({ tag }) => tag === bad).map(({ data }) => `${data}`);
    const stored = async () => new Set(await cachedData(copyAsAfterCrash(path)));
    for (let left = await stored(); left.size > 50; left = await stored()) {
      expect(refused.filter((data) => !left.has(data))).toEqual([]);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect([...(await stored())].sort()).toEqual(refused.sort());
    // Others come and go, by segments; these are not stored again for that.
    const [own, ...more] = segmentsIn(path);
    expect(more).toEqual([]);
    for (let at = 100; at < 8100; at += 1000) {
      await Promise.all(Array.from({ length: 1000 }, (_, i) => muxer.writeEntry(entry(at + i, 0))));
    }
    await until('that all is confirmed', () => muxer.stats().confirmedEntries === 8050);
    await until('that all else is removed', () => cacheStats(muxer).entries === 50);
    expect(segmentsIn(path)).toEqual([own]);
    isRefusing = false;
  });
});
