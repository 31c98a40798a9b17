import { NotRunningError, WaitTimeoutError } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { hotMuxer, newMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { type Script, ScriptedIndexer } from '../../support/scripted-indexer.js';
import { eventually, watch } from '../../support/waiting.js';
import { WRITE_PATHS, writeBy } from '../../support/write-paths.mjs';

const entry = (i: number, bytes = 100) => ({ timestamp: i, tag: 0, data: Buffer.alloc(bytes) });

async function connected(script: Partial<Script> = {}, configuration = {}) {
  const indexer = await ScriptedIndexer.listen(script);
  const muxer = await hotMuxer({ targets: [indexer.address], ...configuration });
  const connection = await indexer.hot(0);
  return { indexer, muxer, connection };
}

describe('sync', () => {
  it('ends at once when nothing was written', async () => {
    const { muxer } = await connected();
    await muxer.sync({ timeout: 45_000 });
    const cold = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
    cold.start();
    await cold.sync({ timeout: 45_000 });
  });

  it('ends when the last entry written before it is confirmed, and not sooner', async () => {
    const { muxer, connection } = await connected();
    for (let i = 0; i < 10; i++) muxer.writeEntry(entry(i));
    const sync = watch(muxer.sync());
    await connection.entries(10);
    for (let id = 1; id < 10; id++) {
      connection.confirmThrough(id);
      // What was confirmed is published before it could wake anybody.
      while (muxer.stats().confirmedEntries < id) await new Promise(setImmediate);
      await new Promise(setImmediate);
      expect(sync.settled).toBe(false);
    }
    connection.confirmThrough(10);
    await sync.promise;
  });

  it('does not wait for what is written after it', async () => {
    const { muxer, connection } = await connected();
    muxer.writeEntry(entry(0));
    const sync = muxer.sync();
    // What goes out in one socket write is released as a whole: these are two.
    await connection.entries(1);
    muxer.writeEntry(entry(1));
    await connection.entries(2);
    connection.confirmThrough(1);
    await sync;
    const second = watch(muxer.sync());
    expect(muxer.stats().confirmedEntries).toBe(1);
    expect(second.settled).toBe(false);
    connection.confirmThrough(2);
    await second.promise;
  });

  it('can be done by several at a time, and each ends with what was written before it', async () => {
    const { muxer, connection } = await connected();
    const ended: number[] = [];
    const syncs = [];
    for (let i = 1; i <= 5; i++) {
      muxer.writeEntry(entry(i));
      syncs.push(muxer.sync().then(() => ended.push(i)));
      // Apart in the ring as well as in time: each is a socket write of its own.
      await connection.entries(i);
    }
    for (let i = 1; i <= 5; i++) {
      connection.confirmThrough(i);
      await syncs[i - 1];
      expect(ended).toEqual(Array.from({ length: i }, (_, j) => j + 1));
    }
  });

  it('asks the indexer to confirm: one that does so only then is enough', async () => {
    const { muxer, connection } = await connected({ confirms: 'on flush' });
    for (let round = 1; round <= 3; round++) {
      muxer.writeEntry(entry(round));
      await muxer.sync({ timeout: 45_000 });
      expect(connection.frames).toHaveLength(round);
    }
    await Promise.all([muxer.writeEntry(entry(0)), muxer.sync({ timeout: 45_000 })]);
    await Promise.all([muxer.sync({ timeout: 45_000 }), muxer.sync({ timeout: 45_000 })]);
  });

  it('asks an indexer that was not hot yet as well', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'on flush' });
    const muxer = newMuxer({ targets: [indexer.address] });
    muxer.start();
    muxer.writeEntry(entry(0));
    await muxer.sync({ timeout: 45_000 });
  });

  it('asks again when the connection was lost and came back', async () => {
    const { indexer, muxer, connection } = await connected();
    muxer.writeEntry(entry(0));
    const sync = muxer.sync({ timeout: 45_000 });
    await connection.entries(1);
    await connection.until('a flush', () => connection.flushes > 0);
    connection.socket.destroy();
    const next = await indexer.hot(1);
    const flushed = next
      .until('a flush', () => next.flushes > 0)
      .then(() => {
        next.confirmThrough(1);
      });
    await Promise.all([flushed, sync]);
  });

  it.each(WRITE_PATHS)('waits for entries that wait for room, by %s', async (path) => {
    const { muxer, connection } = await connected({}, { ringBytes: SMALL_RING });
    const room = writeBy(
      path,
      muxer,
      Array.from({ length: 100 }, (_, i) => entry(i, 1000)),
    );
    expect(muxer.stats().backlogEntries).toBeGreaterThan(30);
    const sync = watch(muxer.sync());
    while (connection.frames.length < 100) {
      expect(sync.settled).toBe(false);
      await connection.entries(connection.frames.length + 1);
      connection.confirmThrough(connection.frames.length - 1);
    }
    await room;
    expect(sync.settled).toBe(false);
    connection.confirmThrough(100);
    await sync.promise;
  });

  it('waits for large entries', async () => {
    const { muxer, connection } = await connected({}, { ringBytes: SMALL_RING });
    muxer.writeEntry(entry(0, 500_000));
    const sync = watch(muxer.sync());
    await connection.entries(1);
    await new Promise(setImmediate);
    expect(sync.settled).toBe(false);
    connection.confirmThrough(1);
    await sync.promise;
  });

  it('waits for every lane', async () => {
    const first = await ScriptedIndexer.listen();
    const second = await ScriptedIndexer.listen();
    const targets = [first.address, second.address];
    // Every entry is a batch of its own, and goes to the lane with less in it.
    const muxer = await wholeMuxer({ targets, batchBytes: 1 });
    const [one, other] = [await first.hot(0), await second.hot(0)];
    for (let i = 0; i < 10; i++) muxer.writeEntry(entry(i));
    const sync = watch(muxer.sync());
    await eventually(() => expect(one.frames.length + other.frames.length).toBe(10));
    expect(one.frames.length).toBeGreaterThan(0);
    expect(other.frames.length).toBeGreaterThan(0);
    one.confirmThrough(one.frames.length);
    while (muxer.stats().confirmedEntries < one.frames.length) await new Promise(setImmediate);
    for (let i = 0; i < 20; i++) await new Promise(setImmediate);
    expect(sync.settled).toBe(false);
    other.confirmThrough(other.frames.length);
    await sync.promise;
    expect(muxer.stats().confirmedEntries).toBe(10);
  });

  it('ends when its time is over, and what was written stays on its way', async () => {
    const { muxer, connection } = await connected();
    muxer.writeEntry(entry(0));
    const error = await muxer.sync({ timeout: 20 }).catch((reason) => reason);
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({ code: 'ERR_WAIT_TIMEOUT', timeout: 20 });
    await connection.entries(1);
    connection.confirmThrough(1);
    await muxer.sync();
    expect(muxer.stats()).toMatchObject({ writtenEntries: 1, confirmedEntries: 1 });
  });

  it('ends when its time is over while entries wait for room', async () => {
    const { muxer } = await connected({}, { ringBytes: SMALL_RING });
    for (let i = 0; i < 100; i++) muxer.writeEntry(entry(i, 1000))?.catch(() => {});
    const error = await muxer.sync({ timeout: 20 }).catch((reason) => reason);
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({ timeout: 20 });
    expect(muxer.stats().backlogEntries).toBeGreaterThan(30);
  });

  it('ends with the reason of its signal, aborted before or meanwhile', async () => {
    const { muxer } = await connected({}, { ringBytes: SMALL_RING });
    const reason = new Error('enough');
    const aborted = { signal: AbortSignal.abort(reason) };
    await expect(muxer.sync(aborted)).rejects.toBe(reason);
    muxer.writeEntry(entry(0));
    await expect(muxer.sync(aborted)).rejects.toBe(reason);
    const confirming = new AbortController();
    const first = muxer.sync({ signal: confirming.signal });
    confirming.abort(reason);
    await expect(first).rejects.toBe(reason);
    for (let i = 0; i < 100; i++) muxer.writeEntry(entry(i, 1000))?.catch(() => {});
    const waiting = new AbortController();
    const second = muxer.sync({ signal: waiting.signal });
    waiting.abort(reason);
    await expect(second).rejects.toBe(reason);
  });

  it('ends when the muxer closes before everything is confirmed', async () => {
    const { muxer } = await connected();
    muxer.writeEntry(entry(0));
    const sync = muxer.sync().catch((reason) => reason);
    await muxer.close();
    expect(await sync).toBeInstanceOf(NotRunningError);
  });

  it('ends alike when the muxer closes while entries wait for room', async () => {
    const { muxer } = await connected({}, { ringBytes: SMALL_RING });
    for (let i = 0; i < 100; i++) muxer.writeEntry(entry(i, 1000))?.catch(() => {});
    const sync = muxer.sync().catch((reason) => reason);
    await muxer.close();
    expect(await sync).toBeInstanceOf(NotRunningError);
  });

  it('means that the indexer has everything', async () => {
    const recording = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [recording.address], connectionsPerTarget: 3 });
    let written = 0;
    for (let round = 0; round < 15; round++) {
      const path = WRITE_PATHS[round % WRITE_PATHS.length] ?? 'writeEntry';
      await writeBy(
        path,
        muxer,
        Array.from({ length: round * 20 }, (_, i) => entry(i, i)),
      );
      written += round * 20;
      await muxer.sync();
      expect(recording.received.length).toBe(written);
    }
  });
});
