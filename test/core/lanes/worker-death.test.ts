import { once } from 'node:events';
import type { Worker } from 'node:worker_threads';

import type { ConnectionError } from '@ringest/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  expectArrivals,
  expectedArrival,
  expectedArrivals,
  keyOf,
} from '../../support/arrivals.js';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { entries, entry } from '../../support/entries.js';
import { hotMuxer, newMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { watchThreads } from '../../support/threads.js';
import { MANY_PATHS, writeBy } from '../../support/write-paths.mjs';

const expected = (from: number, to: number) => expectedArrivals(entries(from, to));

describe('a worker thread that dies', () => {
  it.each(MANY_PATHS)(
    'is replaced by one that takes over what was not confirmed, by %s',
    async (path) => {
      const threads = watchThreads();
      const numberTags = (_names: unknown, connection: number) => new Map([['test', connection]]);
      const indexer = await ScriptedIndexer.listen({ numberTags });
      const muxer = await hotMuxer({ targets: [indexer.address] });
      const first = await indexer.hot(0);
      writeBy(path, muxer, entries(0, 30));
      await first.entries(30);
      first.confirmThrough(30);
      await muxer.sync();
      writeBy(path, muxer, entries(30, 50));
      await first.entries(50);

      const lost = once(muxer, 'lost');
      await threads[0]?.terminate();
      const [error, retryInMs] = (await lost) as [ConnectionError, number];
      expect(error).toMatchObject({ code: 'ERR_CONNECTION', reason: 'worker' });
      expect(error.message).toContain("the lane's worker died");
      expect(retryInMs).toBeGreaterThanOrEqual(10);
      expect(retryInMs).toBeLessThanOrEqual(20);
      expect(muxer.hot()).toBe(0);
      // What is written meanwhile waits in the ring.
      writeBy(path, muxer, entries(50, 60));

      const second = await indexer.hot(1);
      await second.entries(30);
      expect(second.frames.map((frame) => frame.entry.tag)).toEqual(Array(30).fill(1));
      second.confirmThrough(30);
      await muxer.sync();
      expectArrivals(second.arrivals, expected(30, 60));
      expect(threads).toHaveLength(2);
      expect(muxer.stats()).toMatchObject({
        writtenEntries: 60,
        confirmedEntries: 60,
        resentEntries: 20,
        lanes: [{ state: 'hot', reconnects: 1 }],
      });
    },
  );

  it('several times under load loses and alters nothing, large entries neither', async () => {
    const threads = watchThreads();
    const recording = await CollectingIndexer.start();
    const targets = [recording.address];
    const muxer = await hotMuxer({ targets, ringBytes: SMALL_RING });
    const written = Array.from({ length: 1500 }, (_, i) =>
      entry(i, i % 50 === 0 ? 70_000 : i % 900),
    );
    for (const [i, one] of written.entries()) {
      const wait = muxer.writeEntry(one);
      if (wait) await wait;
      if (i % 500 === 250) threads.at(-1)?.terminate();
    }
    await muxer.sync();
    const arrived = new Set(recording.received.map(keyOf));
    const wanted = written.map((one) => keyOf(expectedArrival(one)));
    expect(wanted.filter((key) => !arrived.has(key))).toEqual([]);
    expect(arrived.size).toBe(written.length);
    expect(threads.length).toBe(4);
    const { resentEntries } = muxer.stats();
    expect(recording.received.length - written.length).toBeLessThanOrEqual(resentEntries);
  });

  it('takes all of its lanes with it, and they come back', async () => {
    const threads = watchThreads();
    const recordings = [await CollectingIndexer.start(), await CollectingIndexer.start()];
    const targets = recordings.map(({ address }) => address);
    const muxer = await wholeMuxer({ targets, workers: 1, batchBytes: 1 });
    const lost: string[] = [];
    muxer.on('lost', ({ target }) => lost.push(target));
    const bothHot = new Promise<void>((resolve) => {
      muxer.on('hot', () => {
        if (muxer.hot() === 2) resolve();
      });
    });
    await threads[0]?.terminate();
    await bothHot;
    expect(lost.sort()).toEqual([...targets].sort());
    for (const one of entries(0, 100)) muxer.writeEntry(one);
    await muxer.sync();
    const arrived = recordings.flatMap(({ received }) => received.map(keyOf)).sort();
    expect(arrived).toEqual(expected(0, 100).map(keyOf).sort());
  });

  it('before it has connected is replaced as well', async () => {
    const threads = watchThreads();
    const indexer = await ScriptedIndexer.listen({ greets: false });
    const { port } = indexer;
    const muxer = newMuxer({ targets: [indexer.address] });
    muxer.start();
    muxer.writeEntry(entry(0));
    await indexer.connection(0);
    await threads[0]?.terminate();
    await indexer.close();
    const recording = await CollectingIndexer.start({ port });
    await muxer.sync();
    expectArrivals(recording.received, expected(0, 1));
  });

  it.each([1, 2])(
    'before it has even begun is replaced as well, also when %s of them die so in a row',
    async (deaths) => {
      const threads = watchThreads();
      const kill = (thread: Worker) => {
        if (threads.length <= deaths) thread.terminate();
      };
      process.on('worker', kill);
      onTestFinished(() => {
        process.off('worker', kill);
      });
      const recording = await CollectingIndexer.start();
      const muxer = newMuxer({ targets: [recording.address] });
      muxer.start();
      muxer.writeEntry(entry(0));
      await muxer.waitForHot({ timeout: 45_000 });
      await muxer.sync();
      expectArrivals(recording.received, expected(0, 1));
      expect(threads).toHaveLength(deaths + 1);
    },
  );

  it('again and again does not keep the muxer from closing', async () => {
    const kill = (thread: Worker) => {
      thread.terminate();
    };
    process.on('worker', kill);
    onTestFinished(() => {
      process.off('worker', kill);
    });
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
    const lost = once(muxer, 'lost');
    muxer.start();
    muxer.writeEntry(entry(0));
    await lost;
    expect(await muxer.close()).toEqual({ unconfirmed: 1, cached: 0 });
  });

  it('while the muxer closes does not keep it from closing, and the count is right', async () => {
    const threads = watchThreads();
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address], closeTimeout: 100 });
    const connection = await indexer.hot(0);
    muxer.writeBatch(entries(0, 7));
    await connection.entries(7);
    const closed = muxer.close();
    await threads[0]?.terminate();
    expect(await closed).toEqual({ unconfirmed: 7, cached: 0 });
  });

  it('right before the muxer closes does not keep it from closing', async () => {
    const threads = watchThreads();
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const connection = await indexer.hot(0);
    muxer.writeBatch(entries(0, 7));
    await connection.entries(7);
    const terminated = threads[0]?.terminate();
    expect(await muxer.close()).toEqual({ unconfirmed: 7, cached: 0 });
    await terminated;
  });
});
