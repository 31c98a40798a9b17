import { once } from 'node:events';
import { encodeErrorTag, encodeThrottle } from '@ringest/codec';
import { BatchError, type IngestMuxer, TagRefusedError } from '@ringest/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { expectArrivals, expectedArrival, keyOf } from '../../support/arrivals.js';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { entry } from '../../support/entries.js';
import { hotMuxer, newMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { type ScriptedConnection, ScriptedIndexer } from '../../support/scripted-indexer.js';
import { watchThreads } from '../../support/threads.js';
import { turn, until, watch } from '../../support/waiting.js';

const NEVER = { firstRetry: 600_000, mostRetry: 600_000 };
const NOBODY = 'tcp://127.0.0.1:9';

/** Errors, as a refused tag is one, are none of its business. */
const nextLoss = (muxer: IngestMuxer) => new Promise((resolve) => muxer.once('lost', resolve));

const evacuated = (muxer: IngestMuxer): number => muxer.stats().lanes[0]?.evacuatedEntries ?? 0;

/** Confirms what has come and what comes, until the connection ends. */
async function confirmAll(connection: ScriptedConnection): Promise<void> {
  for (let confirmed = 0; !connection.isEnded; confirmed = connection.frames.length) {
    connection.confirmThrough(connection.frames.length);
    await connection
      .until('more', () => connection.frames.length > confirmed || connection.isEnded)
      .catch(() => {});
  }
}

/** An indexer that refuses every tag that is negotiated late. */
const strict = () => ScriptedIndexer.listen({ confirms: 'at once', numberTag: () => undefined });

describe('a lane that comes and goes', () => {
  it('does not keep those waiting whose entries are on another one', async () => {
    const steady = await ScriptedIndexer.listen();
    const readiness = [false];
    const unsteady = await ScriptedIndexer.listen({ readiness });
    const targets = [steady.address, unsteady.address];
    const muxer = await hotMuxer({ targets, balancing: 'roundRobin', batchBytes: 1 });
    for (let i = 0; i < 10; i++) muxer.writeEntry(entry(i));
    const connection = await steady.hot(0);
    await connection.entries(10);
    const waiting = [muxer.barrier(), muxer.sync()];
    readiness.push(true);
    let written = 10;
    for (let round = 0; round < 5; round++) {
      const flighty = await unsteady.hot(round);
      await expect.poll(() => muxer.hot()).toBe(2);
      // Half of them go each way; later all are with the one that stays, unconfirmed.
      for (const end = written + 20; written < end; ) muxer.writeEntry(entry(written++));
      await flighty.entries(1);
      flighty.socket.destroy();
      await connection.entries(written);
    }
    connection.confirmThrough(10);
    await Promise.all(waiting);
    expect(muxer.stats()).toMatchObject({ confirmedEntries: 10, writtenEntries: 110 });
    // Those that were moved are waited for by who came after them.
    const after = watch(muxer.barrier());
    connection.confirmThrough(written - 1);
    await until('all but one', () => muxer.stats().confirmedEntries === written - 1);
    expect(after.settled).toBe(false);
    connection.confirmThrough(written);
    await after.promise;
  });

  it('gets its ring back while the entries of another one find no room', async () => {
    const gone = await ScriptedIndexer.listen();
    const back = await ScriptedIndexer.listen();
    const full = await ScriptedIndexer.listen();
    const targets = [gone, back, full].map(({ address }) => address);
    const muxer = await wholeMuxer({
      ...{ targets, balancing: 'roundRobin', ringBytes: SMALL_RING, batchBytes: 2048 },
    });
    const wanted: string[] = [];
    while (!muxer.willBlock(500)) {
      const one = entry(wanted.length, 500);
      muxer.writeEntry(one);
      wanted.push(keyOf(expectedArrival(one)));
    }
    const before = muxer.stats().lanes.map(({ writtenEntries }) => writtenEntries);
    const first = await back.hot(0);
    await first.entries(before[1] ?? 0);
    const lost = once(muxer, 'lost');
    await gone.close();
    await lost;
    first.socket.destroy();
    // The third one has room for nothing yet.
    const second = await back.hot(1);
    await second.entries(before[1] ?? 0);
    const third = await full.hot(0);
    expect(third.frames).toHaveLength(before[2] ?? 0);
    void confirmAll(second);
    void confirmAll(third);
    await muxer.sync({ timeout: 45_000 });
    const arrived = [...second.arrivals, ...third.arrivals].map(keyOf);
    expect(arrived.sort()).toEqual(wanted.sort());
  });
});

describe('a lane that is lost while the muxer closes', () => {
  it('leaves nothing uncounted', async () => {
    const indexer = await ScriptedIndexer.listen({ numberTag: () => undefined });
    const targets = [indexer.address, NOBODY];
    const muxer = await hotMuxer({ targets, closeTimeout: 100, times: NEVER });
    const refused = once(muxer, 'error');
    muxer.negotiateTag('bad');
    await refused;
    for (let i = 0; i < 30; i++) muxer.writeEntry(entry(i));
    const connection = await indexer.hot(0);
    await connection.entries(30);
    // From here on, timers that are over are due before messages of the worker.
    await turn();
    const closed = muxer.close();
    connection.socket.destroy();
    for (const end = performance.now() + 400; performance.now() < end; );
    expect(await closed).toEqual({ unconfirmed: 30, cached: 0 });
  });
});

describe('entries that are taken out of the ring of a lane that is alone', () => {
  it('do not hold up the event loop', async () => {
    const indexer = await ScriptedIndexer.listen({ answersTags: false });
    const targets = [indexer.address];
    const muxer = await hotMuxer({ targets, times: NEVER, ringBytes: SMALL_RING });
    const connection = await indexer.hot(0);
    const bad = muxer.negotiateTag('bad');
    muxer.writeEntry(entry(0, 64, bad));
    const one = entry(1, 64);
    let count = 1;
    for (; !muxer.willBlock(64); count++) muxer.writeEntry(one);
    await connection.until('the tag', () => connection.heard.includes('tag'));
    // A slice is over at each look at the clock, after 64 entries.
    let looks = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => 1e9 + 10 * looks++);
    onTestFinished(() => clock.mockRestore());
    connection.write(encodeErrorTag());
    let most = 0;
    for (let before = 0; before < count; ) {
      await turn();
      const moved = evacuated(muxer);
      most = Math.max(most, moved - before);
      before = moved;
    }
    expect(count).toBeGreaterThan(500);
    // One slice is due at the end of a turn, and one may come with a message of the worker.
    expect(most).toBeLessThanOrEqual(128);
    expect(muxer.stats()).toMatchObject({ refusedEntries: 1, writtenEntries: count });
  });

  it('do not count as writes that wait', async () => {
    const indexer = await strict();
    const targets = [indexer.address, NOBODY];
    const muxer = await hotMuxer({ targets, backlogBytes: 10_000, times: NEVER });
    const lost = nextLoss(muxer);
    const bad = muxer.negotiateTag('bad');
    for (let i = 0; i < 200; i++) muxer.writeEntry(entry(i, 100, i === 0 ? bad : 0));
    await lost;
    await expect.poll(() => muxer.stats().backlogEntries).toBe(200);
    const waits = [0, 1, 2].map((i) => muxer.writeEntry(entry(i)));
    for (const wait of waits) {
      expect(wait).toBeInstanceOf(Promise);
      wait?.catch(() => {});
    }
    expect(muxer.stats().backlogEntries).toBe(203);
  });
});

describe('a thread with twelve lanes that is killed', () => {
  it('warns of no listeners', async () => {
    const threads = watchThreads();
    const warnings: string[] = [];
    const warned = ({ message }: Error) => warnings.push(message);
    process.on('warning', warned);
    onTestFinished(() => {
      process.off('warning', warned);
    });
    const recording = await CollectingIndexer.start();
    const muxer = await wholeMuxer({
      ...{ targets: [recording.address], connectionsPerTarget: 12, workers: 1 },
    });
    expect(threads).toHaveLength(1);
    let back = 0;
    const allBack = new Promise<void>((resolve) => {
      muxer.on('hot', () => {
        if (++back === 12) resolve();
      });
    });
    await threads[0]?.terminate();
    await allBack;
    expect(warnings).toEqual([]);
    muxer.writeEntry(entry(0));
    await muxer.sync({ timeout: 45_000 });
  });
});

describe('entries whose tag is refused after they were accepted', () => {
  it('are told to those who wait, once all else is confirmed and no target is left', async () => {
    const indexers = [await strict(), await ScriptedIndexer.listen({ numberTag: () => undefined })];
    const targets = indexers.map(({ address }) => address);
    const muxer = await wholeMuxer({ targets, balancing: 'roundRobin', batchBytes: 1 });
    const refused = once(muxer, 'error');
    const bad = muxer.negotiateTag('bad');
    for (let i = 0; i < 3; i++) muxer.writeEntry(entry(i, 100, bad));
    const waiting = [muxer.barrier(), muxer.sync()];
    for (const wait of waiting) wait.catch(() => {});
    const [error] = await refused;
    expect(error).toBeInstanceOf(TagRefusedError);
    for (const wait of waiting) {
      await expect(wait).rejects.toThrow(TagRefusedError);
      await expect(wait).rejects.toMatchObject({ tag: 'bad' });
    }
    await expect.poll(() => muxer.stats().refusedEntries).toBe(3);
    await expect.poll(() => muxer.hot()).toBe(2);
    // Nothing of the second one is confirmed unless the test does it.
    for (let i = 0; i < 4; i++) {
      muxer.writeEntry(entry(i));
      await turn();
    }
    const later = muxer.barrier();
    let isOver = false;
    later.catch(() => {
      isOver = true;
    });
    const slow = await lastHot(indexers[1]);
    await slow.entries(1);
    await turn();
    expect(isOver).toBe(false);
    void confirmAll(slow);
    await expect(later).rejects.toThrow(TagRefusedError);
  });

  it('are waited for while a target is only down, which may take them', async () => {
    const first = await strict();
    const second = await ScriptedIndexer.listen();
    const { port } = second;
    await second.close();
    const targets = [first.address, `tcp://127.0.0.1:${port}`];
    const muxer = await hotMuxer({ targets });
    const bad = muxer.negotiateTag('bad');
    for (let i = 0; i < 4; i++) muxer.writeEntry(entry(i, 100, i % 2 ? bad : 0));
    await expect.poll(() => muxer.stats().refusedEntries).toBe(2);
    const waiting = [watch(muxer.barrier()), watch(muxer.sync())];
    // Whether they are over is looked at again with each confirmation.
    muxer.writeEntry(entry(4));
    await until('the last one', () => muxer.stats().confirmedEntries === 3);
    expect(waiting.map(({ settled }) => settled)).toEqual([false, false]);
    const late = await ScriptedIndexer.listen({ port, confirms: 'at once' });
    await Promise.all(waiting.map(({ promise }) => promise));
    const { arrivals } = await late.hot(0);
    const wanted = [1, 3].map((i) => expectedArrival(entry(i, 100, bad), 'bad'));
    expectArrivals(
      arrivals.filter(({ tag }) => tag === 'bad'),
      wanted,
    );
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  });

  it('do not keep close waiting when no target takes them', async () => {
    const indexer = await strict();
    const muxer = newMuxer({ targets: [indexer.address], closeTimeout: 600_000 });
    muxer.start();
    await muxer.waitForHot({ timeout: 45_000 });
    const bad = muxer.negotiateTag('bad');
    for (let i = 0; i < 7; i++) muxer.writeEntry(entry(i, 100, i % 2 ? bad : 0));
    expect(await muxer.close()).toEqual({ unconfirmed: 3, cached: 0 });
  });
});

describe('a batch that is refused', () => {
  it.each([0, 1])('leaves no lane behind: what follows avoids lane %s', async (throttled) => {
    const indexers = [await ScriptedIndexer.listen(), await ScriptedIndexer.listen()];
    const muxer = await wholeMuxer({ targets: indexers.map(({ address }) => address) });
    const bad = { ...entry(1), source: 'nowhere' };
    expect(() => muxer.writeBatch([entry(0), bad])).toThrow(BatchError);
    const slow = await (indexers[throttled] as ScriptedIndexer).hot(0);
    slow.write(encodeThrottle(60_000 * 1e6));
    const isThrottled = () => muxer.stats().lanes[throttled]?.balancer.throttledMs ?? 0;
    await expect.poll(isThrottled).toBeGreaterThan(0);
    muxer.writeEntry(entry(2));
    const other = await (indexers[1 - throttled] as ScriptedIndexer).hot(0);
    expectArrivals((await other.entries(1)) && other.arrivals, [expectedArrival(entry(2))]);
    other.confirmThrough(1);
    await muxer.barrier({ timeout: 45_000 });
  });
});

/** The connection that an indexer has now, once it is hot. */
async function lastHot(indexer: ScriptedIndexer | undefined): Promise<ScriptedConnection> {
  if (indexer === undefined) throw new Error('there is no such indexer');
  return indexer.hot(indexer.connections.length - 1);
}
