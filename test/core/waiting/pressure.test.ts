import { once } from 'node:events';
import { BacklogFullError, type IngestMuxer, WriteAbandonedError } from '@ringest/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { hotMuxer, newMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { NodeProcess, support } from '../../support/node-process.js';
import { type ScriptedConnection, ScriptedIndexer } from '../../support/scripted-indexer.js';
import { eventually } from '../../support/waiting.js';
import { WRITE_PATHS, writeBy } from '../../support/write-paths.mjs';

const entry = (i: number, bytes = 1000) => ({ timestamp: i, tag: 0, data: Buffer.alloc(bytes) });

/** A muxer with the smallest ring, hot on an indexer that confirms nothing by itself. */
async function stalled(configuration = {}) {
  const indexer = await ScriptedIndexer.listen();
  const targets = [indexer.address];
  const muxer = await hotMuxer({ targets, ringBytes: SMALL_RING, ...configuration });
  let drains = 0;
  muxer.on('drain', () => drains++);
  return { muxer, connection: await indexer.hot(0), drains: () => drains };
}

/** Writes entries until one waits: its promise, and how many were accepted before it. */
function fill(muxer: IngestMuxer): { accepted: number; wait: Promise<void> } {
  for (let accepted = 0; accepted < 1000; accepted++) {
    const wait = muxer.writeEntry(entry(accepted));
    if (wait === undefined) continue;
    wait.catch(() => {});
    return { accepted, wait };
  }
  throw new Error('the ring takes a thousand entries');
}

/** Confirms entries as they come, until so many are. */
async function confirmAll(connection: ScriptedConnection, count: number): Promise<void> {
  for (let confirmed = 0; confirmed < count; ) {
    await connection.entries(confirmed + 1);
    confirmed = connection.frames.length;
    connection.confirmThrough(confirmed);
  }
}

describe('willBlock', () => {
  it('that says yes is followed by a drain, also when nothing was made to wait', async () => {
    const { muxer, connection, drains } = await stalled();
    let accepted = 0;
    for (; !muxer.willBlock(1000); accepted++) {
      expect(muxer.writeEntry(entry(accepted))).toBeUndefined();
    }
    expect(muxer.willBlock(2000)).toBe(true);
    const drained = once(muxer, 'drain');
    await connection.entries(accepted);
    expect(drains()).toBe(0);
    connection.confirmThrough(accepted);
    await drained;
    expect(muxer.willBlock(2000)).toBe(false);
    expect(drains()).toBe(1);
  });

  it('is false while there is room, also before anything is connected', () => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'], ringBytes: SMALL_RING });
    expect(muxer.willBlock()).toBe(false);
    muxer.start();
    expect([muxer.willBlock(), muxer.willBlock(10_000)]).toEqual([false, false]);
    expect(muxer.writeEntry(entry(0))).toBeUndefined();
  });

  it('is true while none of several indexers is there, whose rings are not filled blindly', () => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1', 'tcp://127.0.0.1:2'] });
    muxer.start();
    expect(muxer.willBlock()).toBe(true);
    muxer.writeEntry(entry(0))?.catch(() => {});
    expect(muxer.stats()).toMatchObject({ writtenEntries: 0, backlogEntries: 1 });
  });

  it.each([0, 700, 16_000])('foretells what a write of %s bytes does', async (bytes) => {
    const { muxer } = await stalled();
    for (let i = 0; i < 2000; i++) {
      const willBlock = muxer.willBlock(bytes);
      const wait = muxer.writeEntry(entry(i, bytes));
      wait?.catch(() => {});
      expect(wait !== undefined).toBe(willBlock);
      if (willBlock) return;
    }
    expect.fail('the ring takes two thousand entries');
  });

  it('depends on the size: what is small may still find room', async () => {
    const { muxer } = await stalled();
    while (!muxer.willBlock(1000)) expect(muxer.writeEntry(entry(0))).toBeUndefined();
    expect(muxer.willBlock(10)).toBe(false);
    expect(muxer.writeEntry(entry(0, 10))).toBeUndefined();
  });

  it('is true for everything while something waits', async () => {
    const { muxer, connection } = await stalled();
    const { accepted, wait } = fill(muxer);
    expect([muxer.willBlock(), muxer.willBlock(1000)]).toEqual([true, true]);
    await connection.entries(accepted);
    connection.confirmThrough(accepted);
    await wait;
    expect([muxer.willBlock(), muxer.willBlock(1000)]).toEqual([false, false]);
  });

  it('knows the way of large entries, one of which finds room however large it is', async () => {
    const { muxer, connection } = await stalled();
    expect(muxer.willBlock(500_000)).toBe(false);
    expect(muxer.writeEntry(entry(0, 500_000))).toBeUndefined();
    expect([muxer.willBlock(500_000), muxer.willBlock(1000)]).toEqual([true, false]);
    await connection.entries(1);
    connection.confirmThrough(1);
    await eventually(() => expect(muxer.willBlock(500_000)).toBe(false));
  });
});

describe('drain', () => {
  it.each(WRITE_PATHS)(
    'comes once, when the last write that waited has found room, by %s',
    async (path) => {
      const { muxer, connection, drains } = await stalled();
      const { accepted, wait } = fill(muxer);
      const waits = [
        wait,
        writeBy(
          path,
          muxer,
          [1, 2, 3].map((i) => entry(i, 16_000)),
        ),
      ];
      const drained = once(muxer, 'drain');
      await connection.entries(accepted);
      connection.confirmThrough(Math.ceil(accepted / 2));
      while (muxer.stats().confirmedEntries === 0) await new Promise(setImmediate);
      expect(drains()).toBe(0);
      const confirmed = confirmAll(connection, accepted + 4);
      await drained;
      expect(muxer.stats().backlogEntries).toBe(0);
      expect(muxer.willBlock()).toBe(false);
      await Promise.all([...waits, confirmed]);
      await muxer.sync();
      expect(drains()).toBe(1);
    },
  );

  it('does not come where no write was told to wait', async () => {
    const { muxer, connection, drains } = await stalled();
    expect(muxer.writeEntry(entry(0, 100_000))).toBeUndefined();
    expect(muxer.writeBatch([entry(1), entry(2)])).toBeUndefined();
    const synced = muxer.sync();
    await connection.entries(3);
    connection.confirmThrough(3);
    await synced;
    expect(drains()).toBe(0);
  });

  it('comes as well when the last one that waited was given up', async () => {
    const { muxer, drains } = await stalled();
    fill(muxer);
    expect(drains()).toBe(0);
    await muxer.close();
    const other = await stalled();
    for (let full = false; !full; ) {
      const wait = other.muxer.writeEntry(entry(0), { timeout: 1 });
      full = wait !== undefined;
      wait?.catch(() => {});
    }
    await once(other.muxer, 'drain');
    expect(other.muxer.stats().backlogEntries).toBe(0);
  });

  it('serves a producer that pauses like the user of a stream', async () => {
    const recording = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [recording.address], ringBytes: SMALL_RING });
    let pauses = 0;
    for (let i = 0; i < 2000; i++) {
      if (muxer.writeEntry(entry(i, 500)) === undefined) continue;
      expect(muxer.stats().backlogEntries).toBe(1);
      await once(muxer, 'drain');
      pauses++;
    }
    await muxer.sync();
    expect(recording.received).toHaveLength(2000);
    expect(pauses).toBeGreaterThan(0);
  });

  it('lets its listeners write on, which may have to wait again', async () => {
    const { muxer, connection, drains } = await stalled();
    let written = 0;
    const fillUp = () => {
      while (written < 500) if (muxer.writeEntry(entry(written++)) !== undefined) return;
    };
    muxer.on('drain', fillUp);
    fillUp();
    await confirmAll(connection, 500);
    expect(drains()).toBeGreaterThan(1);
  });
});

describe('writes that waited and find room at once', () => {
  it('are placed in slices, between which the event loop gets its turn', async () => {
    const { muxer, connection } = await stalled();
    const { accepted } = fill(muxer);
    const waits = Array.from({ length: 500 }, () => muxer.writeEntry(entry(0, 1)));
    await connection.entries(accepted);
    // A slice is over at each look at the clock, after 64 entries.
    let looks = 0;
    const clock = vi.spyOn(performance, 'now').mockImplementation(() => 1e9 + 10 * looks++);
    onTestFinished(() => clock.mockRestore());
    connection.confirmThrough(accepted);
    let most = 0;
    for (let left = 501; left > 0; ) {
      await new Promise(setImmediate);
      const { backlogEntries } = muxer.stats();
      most = Math.max(most, left - backlogEntries);
      left = backlogEntries;
    }
    // One slice is due at the end of a turn, and one may come with a message of the worker.
    expect(most).toBeLessThanOrEqual(128);
    await connection.entries(accepted + 501);
    await Promise.all(waits);
  });
});

describe('a producer that never waits', () => {
  it.each([0, 1000])(
    'is stopped before a small heap is full, with entries of %s bytes',
    async (bytes) => {
      const flags = ['--max-old-space-size=150'];
      const producer = new NodeProcess(support('careless-producer.mjs'), [`${bytes}`], flags);
      expect([await producer.end(), producer.stderr]).toEqual([0, '']);
      const { code, backlogEntries, unconfirmed } = producer.lastJson();
      expect([code, unconfirmed]).toEqual(['ERR_BACKLOG_FULL', 0]);
      expect(backlogEntries).toBeGreaterThan(10_000);
    },
  );

  it('is stopped by what waits, however often writes are given up', async () => {
    const { muxer, connection } = await stalled({ backlogBytes: 20_000 });
    const { accepted, wait } = fill(muxer);
    for (let round = 0; round < 470; round++) {
      const controller = new AbortController();
      const { signal } = controller;
      const waits = Array.from({ length: 9 }, () => muxer.writeEntry(entry(0), { signal }));
      const errors = Promise.all(waits.map((one) => one?.catch((error) => error)));
      expect(() => {
        for (;;) muxer.writeEntry(entry(0), { signal })?.catch(() => {});
      }).toThrow(BacklogFullError);
      controller.abort();
      for (const error of await errors) expect(error).toBeInstanceOf(WriteAbandonedError);
      expect(muxer.stats().backlogEntries).toBe(1);
    }
    const last = muxer.writeEntry(entry(7));
    await confirmAll(connection, accepted + 2);
    await Promise.all([wait, last]);
  });
});

describe('close', () => {
  it('accounts for every entry when one of two indexers is lost and writes still wait', async () => {
    const indexers = [await ScriptedIndexer.listen(), await ScriptedIndexer.listen()];
    const targets = indexers.map(({ address }) => address);
    const muxer = await wholeMuxer({ targets, ringBytes: SMALL_RING, batchBytes: 1 });
    const [lost, other] = await Promise.all(indexers.map((indexer) => indexer.hot(0)));
    if (lost === undefined || other === undefined) throw new Error('two are connected');
    let accepted = 0;
    const waits: Promise<number>[] = [];
    for (let i = 0; i < 200; i++) {
      const wait = muxer.writeEntry(entry(i));
      if (wait === undefined) accepted++;
      else waits.push(wait.then(() => 1).catch((error: WriteAbandonedError) => error.accepted));
    }
    await other.until('entries on both', () => lost.frames.length > 9 && other.frames.length > 9);
    lost.confirmThrough(3);
    other.confirmThrough(7);
    while (muxer.stats().confirmedEntries < 10) await new Promise(setImmediate);
    const gone = once(muxer, 'lost');
    await indexers[0]?.close();
    await gone;
    const { unconfirmed } = await muxer.close();
    for (const late of await Promise.all(waits)) accepted += late;
    expect(unconfirmed).toBe(accepted - 10);
  });
});
