import { NotRunningError, WaitTimeoutError } from '@ringest/core';
import { describe, expect, it, vi } from 'vitest';
import { hotMuxer, newMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { eventually, watch } from '../../support/waiting.js';

const entry = (i: number, bytes = 100) => ({ timestamp: i, tag: 0, data: Buffer.alloc(bytes) });

/** Bytes of an encoded entry before its data. */
const HEADER = 34;

async function connected(configuration = {}) {
  const indexer = await ScriptedIndexer.listen();
  const muxer = await hotMuxer({ targets: [indexer.address], ...configuration });
  return { indexer, muxer, connection: await indexer.hot(0) };
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise(setImmediate);
}

describe('a barrier', () => {
  it('is passed at once when nothing was written', async () => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1', 'tcp://127.0.0.1:2'] });
    muxer.start();
    await muxer.barrier({ timeout: 45_000 });
  });

  it('is passed when all before it is confirmed, though what comes after is not', async () => {
    const { muxer, connection } = await connected();
    for (let i = 0; i < 10; i++) muxer.writeEntry(entry(i));
    const barrier = watch(muxer.barrier());
    await connection.entries(10);
    for (let i = 10; i < 500; i++) muxer.writeEntry(entry(i));
    await connection.entries(500);
    connection.confirmThrough(9);
    while (muxer.stats().confirmedEntries < 9) await turns(1);
    await turns(10);
    expect(barrier.settled).toBe(false);
    connection.confirmThrough(10);
    await barrier.promise;
    expect(muxer.stats()).toMatchObject({ writtenEntries: 500, confirmedEntries: 10 });
  });

  it('waits for entries that wait for room, and not for those behind it', async () => {
    const { muxer, connection } = await connected({ ringBytes: SMALL_RING });
    const writes = [];
    for (let i = 0; i < 100; i++) writes.push(muxer.writeEntry(entry(i, 1000)));
    const barrier = watch(muxer.barrier());
    for (let i = 100; i < 130; i++) writes.push(muxer.writeEntry(entry(i, 1000)));
    while (connection.frames.length < 100) {
      expect(barrier.settled).toBe(false);
      await connection.entries(connection.frames.length + 1);
      connection.confirmThrough(Math.min(99, connection.frames.length));
    }
    await Promise.all(writes);
    expect(barrier.settled).toBe(false);
    connection.confirmThrough(100);
    // A socket write may hold entries from before and after it, and is released as a whole.
    await connection.entries(130);
    connection.confirmThrough(129);
    await barrier.promise;
    expect(muxer.stats().confirmedEntries).toBeLessThan(130);
  });

  it('may be one of thousands, which are passed in order, none too soon', async () => {
    const recordings = await Promise.all([0, 1].map(() => RecordingIndexer.start()));
    const targets = recordings.map(({ address }) => address);
    const muxer = await wholeMuxer({ targets, batchBytes: 1000, ringBytes: SMALL_RING });
    const passed: number[] = [];
    const tooSoon: number[] = [];
    const barriers: Promise<void>[] = [];
    for (let i = 0; i < 2000; i++) {
      const wait = muxer.writeEntry(entry(i, i % 300));
      const number = i;
      const atBarrier = () => {
        passed.push(number);
        const arrived = recordings.reduce((sum, { received }) => sum + received.length, 0);
        if (arrived <= number) tooSoon.push(number);
      };
      barriers.push(muxer.barrier().then(atBarrier));
      if (wait) await wait;
    }
    await Promise.all(barriers);
    expect(passed).toEqual(Array.from({ length: 2000 }, (_, i) => i));
    expect(tooSoon).toEqual([]);
  });

  it('that is given up leaves the others and the entries alone', async () => {
    const { muxer, connection } = await connected();
    muxer.writeEntry(entry(0));
    const reason = new Error('enough');
    const controller = new AbortController();
    const timed = muxer.barrier({ timeout: 20 }).catch((error) => error);
    const aborted = muxer.barrier({ signal: controller.signal }).catch((error) => error);
    const patient = watch(muxer.barrier({ timeout: 60_000 }));
    await connection.entries(1);
    controller.abort(reason);
    expect(await aborted).toBe(reason);
    const error = await timed;
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({ code: 'ERR_WAIT_TIMEOUT', timeout: 20 });
    await expect(muxer.barrier({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(patient.settled).toBe(false);
    connection.confirmThrough(1);
    await patient.promise;
    expect(muxer.stats().confirmedEntries).toBe(1);
  });

  it('that is given up while entries wait for room does not stop those behind them', async () => {
    const { muxer, connection } = await connected({ ringBytes: SMALL_RING });
    const writes = [];
    for (let i = 0; i < 70; i++) writes.push(muxer.writeEntry(entry(i, 1000)));
    const hurried = await muxer.barrier({ timeout: 1 }).catch((error) => error);
    expect(hurried).toBeInstanceOf(WaitTimeoutError);
    for (let i = 70; i < 80; i++) writes.push(muxer.writeEntry(entry(i, 1000)));
    const patient = muxer.barrier();
    for (let confirmed = 0; confirmed < 80; ) {
      await connection.entries(confirmed + 1);
      confirmed = connection.frames.length;
      connection.confirmThrough(confirmed);
    }
    await Promise.all([...writes, patient]);
  });

  it('shares a signal with many others without a warning', async () => {
    const warned = vi.spyOn(process, 'emitWarning');
    const { muxer, connection } = await connected();
    const { signal } = new AbortController();
    muxer.writeEntry(entry(0));
    const barriers = Array.from({ length: 100 }, () => muxer.barrier({ signal, timeout: 60_000 }));
    await connection.entries(1);
    connection.confirmThrough(1);
    await Promise.all(barriers);
    expect(warned).not.toHaveBeenCalled();
  });

  it('ends with an error when the muxer closes', async () => {
    const { muxer } = await connected();
    muxer.writeEntry(entry(0));
    const barriers = [muxer.barrier(), muxer.barrier()].map((one) => one.catch((error) => error));
    await muxer.close();
    for (const error of await Promise.all(barriers)) expect(error).toBeInstanceOf(NotRunningError);
    await expect(muxer.barrier()).rejects.toBeInstanceOf(NotRunningError);
  });

  it('outlasts the connection of its lane', async () => {
    const { indexer, muxer, connection } = await connected();
    for (let i = 0; i < 10; i++) muxer.writeEntry(entry(i));
    const barrier = watch(muxer.barrier());
    await connection.entries(10);
    connection.confirmThrough(4);
    while (muxer.stats().confirmedEntries < 4) await turns(1);
    connection.socket.destroy();
    const next = await indexer.hot(1);
    await next.entries(6);
    expect(barrier.settled).toBe(false);
    next.confirmThrough(6);
    await barrier.promise;
  });

  it('waits for entries that were moved from a lost lane to another', async () => {
    const indexers = [await ScriptedIndexer.listen(), await ScriptedIndexer.listen()];
    const targets = indexers.map(({ address }) => address);
    const muxer = await wholeMuxer({ targets, batchBytes: 1 });
    const [lost, other] = await Promise.all(indexers.map((indexer) => indexer.hot(0)));
    if (lost === undefined || other === undefined) throw new Error('two are connected');
    for (let i = 0; i < 20; i++) muxer.writeEntry(entry(i));
    await eventually(() => expect(lost.frames.length + other.frames.length).toBe(20));
    expect(lost.frames.length).toBeGreaterThan(0);
    const barrier = watch(muxer.barrier());
    await indexers[0]?.close();
    await other.entries(20);
    other.confirmThrough(19);
    while (muxer.stats().confirmedEntries < 19) await turns(1);
    await turns(10);
    expect(barrier.settled).toBe(false);
    other.confirmThrough(20);
    await barrier.promise;
  });
});

describe('a consumer of a queue', () => {
  it('commits only offsets of what is confirmed, while connections break', async () => {
    const COUNT = 800;
    const stored = new Set<number>();
    let looked = 0;
    const recording = await RecordingIndexer.start({
      failAfter: 171,
      ackDelay: 1,
      beforeConfirm() {
        for (; looked < recording.received.length; looked++) {
          const data = recording.received[looked]?.bytes.subarray(HEADER);
          stored.add(Number(data));
        }
      },
    });
    const muxer = await hotMuxer({ targets: [recording.address], ringBytes: SMALL_RING });
    let committed = 0;
    const premature: number[] = [];
    const commit = (offset: number) => {
      for (let i = committed; i < offset; i++) if (!stored.has(i)) premature.push(i);
      committed = offset;
    };
    const commits: Promise<void>[] = [];
    for (let offset = 0; offset < COUNT; ) {
      const batch = [];
      for (let i = 0; i < 25; i++) batch.push({ timestamp: 0, tag: 0, data: `${offset++}` });
      const wait = muxer.writeBatch(batch);
      const next = offset;
      commits.push(muxer.barrier().then(() => commit(next)));
      if (wait) await wait;
      if (offset % 200 === 0) await turns(1);
    }
    await Promise.all(commits);
    expect(committed).toBe(COUNT);
    expect(premature).toEqual([]);
    expect(stored.size).toBe(COUNT);
    const { reconnects, resentEntries } = muxer.stats();
    expect(reconnects).toBeGreaterThanOrEqual(COUNT / 171 - 1);
    expect(recording.received.length - COUNT).toBeLessThanOrEqual(resentEntries);
  });
});

describe('sync', () => {
  it('has every lane ask for confirmations, each time', async () => {
    const indexers = await Promise.all(
      [0, 1, 2].map(() => ScriptedIndexer.listen({ confirms: 'on flush' })),
    );
    const targets = indexers.map(({ address }) => address);
    const muxer = await wholeMuxer({ targets, batchBytes: 1 });
    const connections = await Promise.all(indexers.map((indexer) => indexer.hot(0)));
    for (let round = 1; round <= 3; round++) {
      for (let i = 0; i < 12; i++) muxer.writeEntry(entry(i));
      const before = connections.map(({ flushes }) => flushes);
      await Promise.all([muxer.sync(), muxer.barrier(), muxer.sync({ timeout: 45_000 })]);
      expect(muxer.stats().confirmedEntries).toBe(round * 12);
      for (const [i, connection] of connections.entries()) {
        const asked = () => connection.flushes > (before[i] as number);
        await connection.until('FORCE_ACK', asked);
      }
    }
  });
});
