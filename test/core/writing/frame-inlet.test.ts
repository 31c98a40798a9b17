import { type EntryInput, GRAVWELL_TAG, OversizedEntryError } from '@ringest/codec';
import {
  InvalidArgumentError,
  NotRunningError,
  UnknownTagError,
  WriteAbandonedError,
} from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival } from '../../support/arrivals.js';
import { coldMuxer } from '../../support/cache-time.js';
import {
  cacheStats,
  compareArrivals,
  expectEachOnce,
  numberedFrom,
  unusedAddress,
} from '../../support/caching.js';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { encodeFrame } from '../../support/ingester-client.js';
import { hotMuxer, newMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { Receiver } from '../../support/receiver.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { turn, until, watch } from '../../support/waiting.js';

/** Frames as they come from a connection: with ids, and sources. */
function framesOf(entries: readonly EntryInput[], firstId = 77): Buffer {
  return Buffer.concat(
    entries.map((entry, i) => encodeFrame(firstId + i, { source: '127.0.0.1', ...entry })),
  );
}

describe('an inlet', () => {
  it('writes frames of several tags as they are, with ids of its own connection', async () => {
    const indexer = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [indexer.address], tags: ['a', 'b'] });
    const inlet = muxer.openInlet();
    const entries = [0, 1, 1, GRAVWELL_TAG, 0].map((tag, i) => ({
      ...{ timestamp: i, tag, data: `entry ${i}`, source: '10.0.0.9' },
      ...(i % 2 === 1 && { enumeratedValues: { i } }),
    }));
    await inlet.write(framesOf(entries));
    await inlet.receipt();
    const names: Readonly<Record<number, string>> = { 0: 'a', 1: 'b', [GRAVWELL_TAG]: 'gravwell' };
    expectArrivals(
      indexer.received,
      entries.map((entry) => expectedArrival(entry, names[entry.tag])),
    );
    const [connection] = indexer.indexer.connections;
    expect(connection?.frames.map(({ id }) => id)).toEqual([1, 2, 3, 4, 5]);
  });

  it.each([
    ['what is cut off', framesOf(numberedFrom(0, 2)).subarray(0, -1), InvalidArgumentError],
    ['something else behind', Buffer.alloc(60, 1), InvalidArgumentError],
    ['what is no Buffer', 'frames' as never, InvalidArgumentError],
    ['a tag that it has not', framesOf([{ timestamp: 0, tag: 5, data: '' }]), UnknownTagError],
    [
      'too much data',
      framesOf([{ timestamp: 0, tag: 0, data: 'x'.repeat(901) }]),
      OversizedEntryError,
    ],
  ])('refuses %s, and has written nothing of it', async (_what, frames, error) => {
    const indexer = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [indexer.address], maxEntrySize: 900 });
    const inlet = muxer.openInlet();
    const good = framesOf(numberedFrom(0, 3));
    const bad = Buffer.isBuffer(frames) ? Buffer.concat([good, frames]) : frames;
    expect(() => inlet.write(bad)).toThrow(error);
    await inlet.write(good);
    await inlet.receipt();
    expectEachOnce(indexer.received, numberedFrom(0, 3));
  });

  it('lets frames wait for room, and then sends all of them once, in their order', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
    const inlet = muxer.openInlet();
    const connection = await indexer.hot(0);
    const entries = numberedFrom(0, 60, 3000);
    const written = watch(Promise.resolve(inlet.write(framesOf(entries))));
    const receipt = watch(inlet.receipt());
    await connection.entries(10);
    expect([written.settled, receipt.settled]).toEqual([false, false]);
    for (let done = 0; done < 60; ) {
      await connection.until('more entries', () => connection.frames.length > done);
      done = connection.frames.length;
      connection.confirmThrough(done);
    }
    await written.promise;
    await receipt.promise;
    expectArrivals(
      connection.arrivals,
      entries.map((entry) => expectedArrival(entry)),
    );
  });

  it('shares a receipt until something is written', async () => {
    const indexer = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const inlet = muxer.openInlet();
    inlet.write(framesOf(numberedFrom(0, 1)));
    const first = inlet.receipt();
    expect(inlet.receipt()).toBe(first);
    inlet.write(framesOf(numberedFrom(1, 2)));
    expect(inlet.receipt()).not.toBe(first);
    await inlet.receipt();
  });

  it('keeps apart what an indexer refuses, and sends all of it to the others', async () => {
    const strict = await ScriptedIndexer.listen({
      confirms: 'at once',
      numberTag: () => undefined,
    });
    const open = await ScriptedIndexer.listen({ confirms: 'at once' });
    const muxer = await wholeMuxer({ targets: [strict.address, open.address], tags: ['a', 'b'] });
    const bad = muxer.negotiateTag('bad');
    await until('a refusal', () =>
      muxer.status().targets.some(({ refusedTags }) => refusedTags.includes('bad')),
    );
    const inlet = muxer.openInlet();
    const tags = [0, 1, bad, 0, bad, bad, 1];
    for (let i = 0; i < 40; i++) {
      const entries = tags.map((tag, j) => ({ timestamp: i, tag, data: `${i}, ${j}` }));
      await inlet.write(framesOf(entries));
      await inlet.receipt();
    }
    const arrivals = [await strict.hot(0), await open.hot(0)].map((one) => one.arrivals);
    const names = arrivals.map((all) => all.map(({ tag }) => tag));
    expect(names.flat()).toHaveLength(40 * tags.length);
    expect(names[0]).not.toContain('bad');
    expect(names[1]?.filter((name) => name === 'bad')).toHaveLength(40 * 3);
  });

  it('confirms all but a refused tag while an indexer that may accept it is away', async () => {
    const strict = await ScriptedIndexer.listen({
      confirms: 'at once',
      numberTag: () => undefined,
    });
    const { address: away, listen } = await unusedAddress();
    const muxer = await hotMuxer({ targets: [strict.address, away], tags: ['good'] });
    const inlet = muxer.openInlet();
    const bad = muxer.negotiateTag('bad');
    const entries = [0, bad, 0].map((tag, i) => ({ timestamp: 1, tag, data: `${i}` }));
    await inlet.write(framesOf(entries));
    const barrier = watch(muxer.barrier());
    await expect(inlet.receipt()).rejects.toMatchObject({ tag: 'bad', tags: ['bad'] });
    // A connection ends when there is a refused tag behind what it has sent: some come twice.
    const sent = strict.connections.flatMap(({ frames }) => frames);
    expect(new Set(sent.map(({ entry }) => `${entry.data}`))).toEqual(new Set(['0', '2']));
    expect(barrier.settled).toBe(false);
    const late = await Receiver.start({ listen });
    await barrier.promise;
    await inlet.receipt();
    expect(late.received.map(({ tag }) => tag)).toEqual(['bad']);
  });

  it('has receipts of a journal that outlive the write of somebody who has given it up', async () => {
    const { address, listen } = await unusedAddress();
    const cache = { path: temporaryDirectory(), mode: 'journal', maxBytes: 2 ** 20 } as const;
    const muxer = coldMuxer({ targets: [address], ringBytes: SMALL_RING, cache });
    const inlet = muxer.openInlet();
    const entries: EntryInput[] = [];
    const write = (signal?: AbortSignal) => {
      const more = numberedFrom(entries.length, entries.length + 10, 3000);
      entries.push(...more);
      return watch(Promise.resolve(inlet.write(framesOf(more), { signal })));
    };
    while (!cacheStats(muxer).isFull) {
      write();
      await turn();
    }
    // A disk that was slow has let the cache accept all of them before it was full.
    const waiting = write();
    const end = new AbortController();
    const abandoned = write(end.signal);
    entries.length -= 10;
    const receipt = watch(inlet.receipt());
    end.abort();
    await expect(abandoned.promise).rejects.toThrow(WriteAbandonedError);
    await turn();
    expect([waiting.settled, receipt.settled]).toEqual([false, false]);
    const receiver = await Receiver.start({ listen });
    await Promise.all([waiting.promise, receipt.promise]);
    await muxer.sync();
    expect(compareArrivals(receiver.received, entries)).toMatchObject({ lost: [], extra: [] });
  });

  it('needs a muxer that runs', async () => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
    const inlet = muxer.openInlet();
    expect(() => inlet.write(framesOf(numberedFrom(0, 1)))).toThrow(NotRunningError);
    await expect(inlet.receipt()).rejects.toThrow(NotRunningError);
  });
});
