import { CACHE_MODES } from '@ringest/core';
import { beforeEach, describe, expect, it } from 'vitest';
import { coldMuxer, rollQuickly } from '../../support/cache-time.js';
import {
  cacheStats,
  numberedFrom,
  until,
  untilEmpty,
  untilStored,
  unusedAddress,
  withCache,
} from '../../support/caching.js';
import { collectLogs, hotMuxer } from '../../support/muxer.js';
import { Receiver } from '../../support/receiver.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

beforeEach(rollQuickly);

describe('what a muxer tells of its cache', () => {
  it('is nothing when it has none', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const muxer = await hotMuxer({ targets: [indexer.address] });
    expect(muxer.stats().cache).toBeUndefined();
    expect(muxer.cacheSize()).toBe(0);
    const [state] = (await indexer.hot(0)).states;
    expect(state).toMatchObject({ cacheState: '', cacheSize: 0 });
  });

  it.each(CACHE_MODES)('is that nothing is in it, at first: %s', async (mode) => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const muxer = await hotMuxer(withCache([indexer.address], mode));
    await until('that it is open', () => cacheStats(muxer).isOpen);
    expect(muxer.cacheSize()).toBe(0);
    expect(muxer.stats().cache).toEqual({
      mode,
      isOpen: true,
      bytes: 0,
      entries: 0,
      pendingEntries: 0,
      unstoredBytes: 0,
      replayedEntries: 0,
      recoveredEntries: 0,
      droppedEntries: 0,
      droppedCopies: 0,
      damagedEntries: 0,
      leftAlone: 0,
      isFull: false,
      trouble: undefined,
    });
    const [state] = (await indexer.hot(0)).states;
    expect(state).toMatchObject({ cacheState: mode, cacheSize: 0 });
  });

  it('is what waits, also for the disk, and what has come back', async () => {
    const { address, listen } = await unusedAddress();
    const configuration = withCache([address], 'always');
    const cache = { ...configuration.cache, sync: { everyMs: 400 } } as const;
    const muxer = coldMuxer({ ...configuration, cache });
    await Promise.all(numberedFrom(0, 2000).map((entry) => muxer.writeEntry(entry)));
    const waiting = cacheStats(muxer);
    const inRing = muxer.stats().writtenEntries;
    expect(waiting.pendingEntries).toBe(2000 - inRing);
    expect(waiting.unstoredBytes).toBeGreaterThan(waiting.pendingEntries * 200);
    expect(muxer.cacheSize()).toBeGreaterThanOrEqual(waiting.unstoredBytes);
    await untilStored(muxer);
    const { bytes, entries, pendingEntries } = cacheStats(muxer);
    expect([entries, pendingEntries]).toEqual([2000 - inRing, 2000 - inRing]);
    expect(bytes).toBeGreaterThan(entries * 200);
    expect(muxer.cacheSize()).toBe(bytes);
    await Receiver.start({ listen });
    await muxer.sync();
    await untilEmpty(muxer);
    expect(cacheStats(muxer)).toMatchObject({ replayedEntries: 2000 - inRing, entries: 0 });
    expect(muxer.stats()).toMatchObject({ writtenEntries: 2000, confirmedEntries: 2000 });
  });

  it('is in the ingester state, which is told anew when the cache is used, and when no more', async () => {
    const { address, port } = await unusedAddress();
    const muxer = coldMuxer(withCache([address], 'always'));
    await Promise.all(numberedFrom(0, 2000).map((entry) => muxer.writeEntry(entry)));
    const indexer = await ScriptedIndexer.listen({ port });
    const connection = await indexer.hot(0);
    const [first] = connection.states;
    expect(first?.cacheState).toBe('always');
    expect(first?.cacheSize).toBeGreaterThan(200_000);
    const told = connection.states.length;
    for (let confirmed = 0; confirmed < 2000; confirmed = connection.frames.length) {
      await connection.entries(confirmed + 1);
      connection.confirmThrough(connection.frames.length);
    }
    await connection.until('another state', () => connection.states.length > told);
    const more = connection.states.length;
    for (const entry of numberedFrom(2000, 3000)) muxer.writeEntry(entry);
    await connection.until('the next one', () => connection.states.length > more);
    expect(connection.states.at(-1)?.cacheSize).toBeGreaterThan(0);
  });

  it('is among the statistics that it logs', async () => {
    const { logger, lines } = collectLogs();
    const recording = await Receiver.start();
    const configuration = {
      ...withCache([recording.address], 'journal'),
      logger,
      statsInterval: 20,
    };
    await hotMuxer(configuration);
    const isLogged = (line: string) => line.includes('"statistics"');
    await until('statistics', () => lines.some(isLogged));
    expect(JSON.parse(lines.find(isLogged) as string)).toMatchObject({
      cache: { mode: 'journal' },
    });
  });
});
