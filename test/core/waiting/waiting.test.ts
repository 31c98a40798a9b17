import type { EntryInput } from '@ringest/codec';
import {
  BacklogFullError,
  type IngestMuxer,
  NotRunningError,
  RingestError,
  WaitTimeoutError,
  WriteAbandonedError,
} from '@ringest/core';
import { describe, expect, it, vi } from 'vitest';
import {
  type Arrival,
  expectArrivals,
  expectedArrival,
  expectedArrivals,
} from '../../support/arrivals.js';
import { hotMuxer, newMuxer, SMALL_RING } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { MANY_PATHS, writeBy } from '../../support/write-paths.mjs';

/** Entry `i`, with `bytes` of data that depend on it. */
const entry = (i: number, bytes = 1000): EntryInput => ({
  timestamp: i,
  tag: 0,
  data: Buffer.alloc(bytes, `entry ${i} `),
});

const entries = (from: number, to: number): EntryInput[] =>
  Array.from({ length: to - from }, (_, i) => entry(from + i));

/** A muxer with the smallest ring, hot on an indexer that confirms nothing by itself. */
async function stalled(configuration = {}) {
  const indexer = await ScriptedIndexer.listen();
  const targets = [indexer.address];
  const muxer = await hotMuxer({ targets, ringBytes: SMALL_RING, ...configuration });
  const connection = await indexer.hot(0);
  return { indexer, muxer, connection };
}

/** Writes entries 0, 1, 2 … until one waits: its promise, and how many were accepted before it. */
function fill(muxer: IngestMuxer): { accepted: number; wait: Promise<void> } {
  for (let accepted = 0; accepted < 1000; accepted++) {
    const wait = muxer.writeEntry(entry(accepted));
    if (wait === undefined) continue;
    // A test that does not come to its end leaves it to be rejected.
    wait.catch(() => {});
    return { accepted, wait };
  }
  throw new Error('the ring takes a thousand entries');
}

/** What a promise is rejected with. */
const rejection = (promise: Promise<unknown> | undefined): Promise<RingestError> =>
  Promise.resolve(promise).then(
    () => expect.fail('it was not rejected'),
    (error) => error,
  );

/** Whether a promise is settled once the event loop has been round a few times. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  let settled = false;
  const settle = () => {
    settled = true;
  };
  promise.then(settle, settle);
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  return settled;
}

const expected = (from: number, to: number): Arrival[] => expectedArrivals(entries(from, to));

describe('an entry that finds no room', () => {
  it('waits until the indexer confirms, and then arrives in its place', async () => {
    const { muxer, connection } = await stalled();
    const { accepted, wait } = fill(muxer);
    // A frame is 1046 bytes, and each of the four blocks of the ring takes fifteen.
    expect(accepted).toBe(60);
    expect(muxer.stats()).toMatchObject({ writtenEntries: accepted, backlogEntries: 1 });
    await connection.entries(accepted);
    expect(await isSettled(wait)).toBe(false);
    await connection.entries(accepted);
    connection.confirmThrough(accepted);
    expect(await wait).toBeUndefined();
    expect(muxer.stats()).toMatchObject({ writtenEntries: accepted + 1, backlogEntries: 0 });
    await connection.entries(accepted + 1);
    expectArrivals(connection.arrivals, expected(0, accepted + 1));
  });

  it('is copied before the call returns', async () => {
    const { muxer, connection } = await stalled();
    const { accepted, wait } = fill(muxer);
    const small = { ...entry(accepted + 1), data: Buffer.alloc(100, 'small') };
    const large = { ...entry(accepted + 2), data: Buffer.alloc(100_000, 'large') };
    const values = { timestamp: 5, tag: 0, data: 'x', enumeratedValues: { a: Buffer.from('b') } };
    const all = [...entries(0, accepted + 1), small, large, values].map((e) => expectedArrival(e));
    const waits = [wait, ...[small, large, values].map((e) => muxer.writeEntry(e))];
    small.data.fill(0xee);
    large.data.fill(0xee);
    values.enumeratedValues.a.fill(0xee);
    await connection.entries(accepted);
    connection.confirmThrough(accepted);
    for (let i = accepted + 1; i <= all.length; i++) {
      await connection.entries(i);
      connection.confirmThrough(i);
    }
    await Promise.all(waits);
    expectArrivals(connection.arrivals, all);
  });

  it('keeps its place before those written later, which wait behind it', async () => {
    const { muxer, connection } = await stalled();
    const { accepted, wait } = fill(muxer);
    // There is room for an empty entry, but not before its turn.
    const tiny = { timestamp: 0, tag: 0, data: '' };
    const waits = [wait, muxer.writeEntry(tiny), muxer.writeBatch([tiny, entry(1)])];
    expect(waits.every((one) => one instanceof Promise)).toBe(true);
    expect(muxer.stats().backlogEntries).toBe(4);
    await connection.entries(accepted);
    connection.confirmThrough(accepted);
    await Promise.all(waits);
    await connection.entries(accepted + 4);
    expectArrivals(connection.arrivals, [
      ...expected(0, accepted + 1),
      ...[tiny, tiny, entry(1)].map((one) => expectedArrival(one)),
    ]);
  });

  it('waits also while no indexer is hot', async () => {
    const indexer = await ScriptedIndexer.listen({ readiness: [false] });
    const muxer = newMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
    muxer.start();
    const { wait } = fill(muxer);
    const error = await rejection(Promise.race([wait, muxer.close()]).then(() => wait));
    expect(error).toBeInstanceOf(WriteAbandonedError);
  });

  it('is given up when its time is over, and does not arrive', async () => {
    const { muxer, connection } = await stalled();
    const { accepted, wait } = fill(muxer);
    const error = await rejection(muxer.writeEntry(entry(99), { timeout: 20 }));
    expect(error).toBeInstanceOf(WriteAbandonedError);
    expect(error).toMatchObject({ code: 'ERR_WRITE_ABANDONED', accepted: 0, refused: 1 });
    expect(error.cause).toBeInstanceOf(WaitTimeoutError);
    expect(error.cause).toMatchObject({ code: 'ERR_WAIT_TIMEOUT', timeout: 20 });
    const after = muxer.writeEntry(entry(accepted + 1));
    await connection.entries(accepted);
    connection.confirmThrough(accepted);
    await Promise.all([wait, after]);
    await connection.entries(accepted + 2);
    expectArrivals(connection.arrivals, expected(0, accepted + 2));
    expect(muxer.stats()).toMatchObject({ writtenEntries: accepted + 2, backlogEntries: 0 });
  });

  it('is given up when its signal is aborted, with the reason', async () => {
    const { muxer, connection } = await stalled();
    const { accepted, wait } = fill(muxer);
    const controller = new AbortController();
    const promise = muxer.writeEntry(entry(99), { signal: controller.signal });
    const reason = new Error('changed my mind');
    controller.abort(reason);
    const error = await rejection(promise);
    expect(error).toBeInstanceOf(WriteAbandonedError);
    expect(error).toMatchObject({ accepted: 0, refused: 1, cause: reason });
    await connection.entries(accepted);
    connection.confirmThrough(accepted);
    await wait;
    await connection.entries(accepted + 1);
    expectArrivals(connection.arrivals, expected(0, accepted + 1));
  });

  it('is not even queued up when its signal is aborted already', async () => {
    const { muxer } = await stalled();
    const { wait } = fill(muxer);
    const signal = AbortSignal.abort('no');
    const error = await rejection(muxer.writeEntry(entry(99), { signal }));
    expect(error).toMatchObject({ accepted: 0, refused: 1, cause: 'no' });
    expect(muxer.stats().backlogEntries).toBe(1);
    wait.catch(() => {});
  });

  it('listens to its signal no longer once it is accepted', async () => {
    const { muxer, connection } = await stalled();
    const { accepted, wait } = fill(muxer);
    const controller = new AbortController();
    const removed = vi.spyOn(controller.signal, 'removeEventListener');
    const options = { signal: controller.signal, timeout: 60_000 };
    const promise = muxer.writeEntry(entry(accepted + 1), options);
    await connection.entries(accepted);
    connection.confirmThrough(accepted);
    await Promise.all([wait, promise]);
    expect(removed).toHaveBeenCalledWith('abort', expect.any(Function));
    controller.abort();
    await connection.entries(accepted + 2);
    expect(muxer.stats().writtenEntries).toBe(accepted + 2);
  });

  it('that is given up lets those behind it go, when there is room for them', async () => {
    const { muxer, connection } = await stalled();
    const large = (i: number) => ({ timestamp: i, tag: 0, data: Buffer.alloc(60_000, `${i}`) });
    // The second large one has to wait for the first, with the ring almost empty.
    expect(muxer.writeEntry(large(1))).toBeUndefined();
    const second = muxer.writeEntry(large(2), { timeout: 20 });
    const behind = muxer.writeEntry(entry(3), { timeout: 60_000 });
    expect(second).toBeInstanceOf(Promise);
    await rejection(second);
    await behind;
    await connection.entries(2);
    expectArrivals(connection.arrivals, [expectedArrival(large(1)), expectedArrival(entry(3))]);
  });

  it('does not wait when there is room, whatever its signal and its time', async () => {
    const { muxer } = await stalled();
    expect(muxer.writeEntry(entry(0), { signal: AbortSignal.abort() })).toBeUndefined();
    expect(muxer.writeEntry(entry(1), { timeout: 1 })).toBeUndefined();
  });

  it.each([2 ** 31, Number.POSITIVE_INFINITY])(
    'may wait longer than any timer, for %s ms',
    async (timeout) => {
      const warned = vi.spyOn(process, 'emitWarning');
      const { muxer, connection } = await stalled();
      const { accepted, wait } = fill(muxer);
      const patient = muxer.writeEntry(entry(accepted + 1), { timeout }) as Promise<void>;
      patient.catch(() => {});
      expect(await isSettled(patient)).toBe(false);
      await connection.entries(accepted);
      await connection.entries(accepted);
      connection.confirmThrough(accepted);
      await Promise.all([wait, patient]);
      expect(warned).not.toHaveBeenCalled();
    },
  );

  it('is refused when too much waits already', async () => {
    const { muxer, connection } = await stalled({ backlogBytes: 9000 });
    const { accepted, wait } = fill(muxer);
    // The first waits already: four more are 9550 bytes with it, 864 of each for keeping it.
    const waits = [
      wait,
      ...entries(accepted + 1, accepted + 5).map((one) => muxer.writeEntry(one)),
    ];
    for (const write of [
      () => muxer.writeEntry(entry(98)),
      () => muxer.writeBatch([entry(98), entry(99)]),
      () => muxer.write(0, 0, ''),
    ]) {
      expect(write).toThrow(BacklogFullError);
    }
    const error = await rejection((async () => muxer.writeEntry(entry(98)))());
    expect(error).toMatchObject({ code: 'ERR_BACKLOG_FULL', backlogBytes: 5 * (1046 + 864) });
    expect(error).toBeInstanceOf(RingestError);
    await connection.entries(accepted);
    connection.confirmThrough(accepted);
    await Promise.all(waits);
    expect(await muxer.writeEntry(entry(accepted + 5))).toBeUndefined();
    await connection.entries(accepted + 6);
    expectArrivals(connection.arrivals, expected(0, accepted + 6));
  });

  it('makes room in the backlog when it is given up', async () => {
    const { muxer } = await stalled({ backlogBytes: 1 });
    const { wait } = fill(muxer);
    expect(() => muxer.writeEntry(entry(1))).toThrow(BacklogFullError);
    wait.catch(() => {});
    await muxer.close();
    const other = await stalled({ backlogBytes: 1 });
    for (let i = 0; i < 3; i++) {
      let waiting: Promise<void> | undefined;
      while (waiting === undefined) waiting = other.muxer.writeEntry(entry(0), { timeout: 10 });
      expect(() => other.muxer.writeEntry(entry(0))).toThrow(BacklogFullError);
      await rejection(waiting);
    }
  });
});

describe.each(MANY_PATHS)('a write of many that finds no room, by %s,', (path) => {
  it('is accepted in part, the rest of it waits', async () => {
    const { muxer, connection } = await stalled();
    const wait = writeBy(path, muxer, entries(0, 200));
    expect(wait).toBeInstanceOf(Promise);
    const { writtenEntries, backlogEntries } = muxer.stats();
    expect(writtenEntries + backlogEntries).toBe(200);
    expect(writtenEntries).toBe(60);
    for (let done = 0; done < 200; ) {
      await connection.entries(done + 1);
      done = connection.frames.length;
      connection.confirmThrough(done);
    }
    await wait;
    expectArrivals(connection.arrivals, expected(0, 200));
  });

  it('says how many were accepted when it is given up, and only those arrive', async () => {
    const { muxer, connection } = await stalled();
    const controller = new AbortController();
    const wait = writeBy(path, muxer, entries(0, 300), { signal: controller.signal });
    const first = muxer.stats().writtenEntries;
    await connection.entries(first);
    // Some more are accepted while it waits, but not all.
    connection.confirmThrough(first);
    await connection.entries(first + 1);
    controller.abort(new Error('enough'));
    const error = (await rejection(wait)) as WriteAbandonedError;
    const { writtenEntries } = muxer.stats();
    expect(error).toBeInstanceOf(WriteAbandonedError);
    expect(error.accepted).toBe(writtenEntries);
    expect(error.accepted).toBeGreaterThan(first);
    expect(error.accepted + error.refused).toBe(300);
    expect(error.message).toContain(`${error.refused} entries`);
    await connection.entries(error.accepted);
    connection.confirmThrough(error.accepted);
    await muxer.sync();
    expectArrivals(connection.arrivals, expected(0, error.accepted));
  });

  it('says so when its signal was aborted before', async () => {
    const { muxer, connection } = await stalled();
    const signal = AbortSignal.abort(new Error('too late'));
    const error = (await rejection(
      writeBy(path, muxer, entries(0, 100), { signal }),
    )) as WriteAbandonedError;
    expect(error.accepted).toBe(muxer.stats().writtenEntries);
    expect(error.accepted).toBe(60);
    expect(error.accepted + error.refused).toBe(100);
    expect(error.cause).toMatchObject({ message: 'too late' });
    await connection.entries(error.accepted);
    connection.confirmThrough(error.accepted);
    await muxer.sync();
    expectArrivals(connection.arrivals, expected(0, error.accepted));
  });
});

describe('waiting for a hot connection', () => {
  it('ends at once when there is one', async () => {
    const { muxer } = await stalled();
    await muxer.waitForHot({ timeout: 1 });
  });

  it('can be done by several at a time', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = newMuxer({ targets: [indexer.address] });
    muxer.start();
    await Promise.all([muxer.waitForHot(), muxer.waitForHot({ timeout: 45_000 })]);
    expect(muxer.hot()).toBe(1);
  });

  it('ends with the last problem when time is over', async () => {
    const indexer = await ScriptedIndexer.listen();
    const { address } = indexer;
    await indexer.close();
    const muxer = newMuxer({ targets: [address] });
    muxer.start();
    const lost = new Promise((resolve) => muxer.once('lost', resolve));
    const given = muxer.waitForHot({ timeout: 2 ** 30 });
    await lost;
    const error = await rejection(muxer.waitForHot({ timeout: 50 }));
    expect(error).toBeInstanceOf(WaitTimeoutError);
    expect(error).toMatchObject({ code: 'ERR_WAIT_TIMEOUT', timeout: 50 });
    expect(error.message).toContain('ECONNREFUSED');
    expect(error.cause).toMatchObject({ code: 'ERR_CONNECTION', reason: 'dial', target: address });
    const closed = rejection(given);
    await muxer.close();
    expect(await closed).toBeInstanceOf(NotRunningError);
  });

  it('ends with the reason of its signal', async () => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
    muxer.start();
    const reason = new Error('enough');
    expect(await rejection(muxer.waitForHot({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    const controller = new AbortController();
    const wait = rejection(muxer.waitForHot({ signal: controller.signal }));
    controller.abort(reason);
    expect(await wait).toBe(reason);
  });
});
