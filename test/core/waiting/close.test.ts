import {
  type IngestMuxer,
  InvalidTimeoutError,
  NotRunningError,
  WriteAbandonedError,
} from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { collectLogs, hotMuxer, newMuxer, SMALL_RING } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

const entry = (i: number, bytes = 1000) => ({ timestamp: i, tag: 0, data: Buffer.alloc(bytes) });

async function connected(configuration = {}) {
  const indexer = await ScriptedIndexer.listen();
  const targets = [indexer.address];
  const muxer = await hotMuxer({ targets, ringBytes: SMALL_RING, ...configuration });
  return { indexer, muxer, connection: await indexer.hot(0) };
}

/** Writes entries until one waits: all accepted before, and those that wait. */
function overfill(muxer: IngestMuxer, more: number) {
  const waits: Promise<void>[] = [];
  let accepted = 0;
  while (waits.length < more) {
    const wait = muxer.writeEntry(entry(accepted));
    if (wait === undefined) accepted++;
    else waits.push(wait);
  }
  return { accepted, waits };
}

describe('close', () => {
  it('waits for confirmations, and reports that all arrived', async () => {
    const recording = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [recording.address], closeTimeout: 10_000 });
    for (let i = 0; i < 1000; i++) await muxer.writeEntry(entry(i, 100));
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
    expect(recording.received).toHaveLength(1000);
  });

  it('waits for entries that wait for room, too', async () => {
    const { muxer, connection } = await connected({ closeTimeout: 10_000 });
    const { accepted, waits } = overfill(muxer, 10);
    const closed = muxer.close();
    await connection.entries(accepted);
    connection.confirmThrough(accepted);
    await Promise.all(waits);
    await connection.entries(accepted + 10);
    connection.confirmThrough(accepted + 10);
    expect(await closed).toEqual({ unconfirmed: 0, cached: 0 });
  });

  it.each([0, 7, 30])(
    'reports how many of 30 entries are not confirmed when %s are',
    async (confirmed) => {
      const { muxer, connection } = await connected();
      for (let i = 0; i < 30; i++) muxer.writeEntry(entry(i));
      await connection.entries(30);
      if (confirmed > 0) connection.confirmThrough(confirmed);
      while (muxer.stats().confirmedEntries < confirmed) await new Promise(setImmediate);
      expect(await muxer.close()).toEqual({ unconfirmed: 30 - confirmed, cached: 0 });
    },
  );

  it('reports all entries when no indexer was ever reached', async () => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
    muxer.start();
    for (let i = 0; i < 5; i++) muxer.writeEntry(entry(i));
    muxer.writeEntry(entry(5, 3_000_000));
    expect(await muxer.close()).toEqual({ unconfirmed: 6, cached: 0 });
  });

  it('reports entries that were written in the same turn of the event loop', async () => {
    const { muxer } = await connected();
    muxer.writeEntry(entry(0));
    muxer.writeBatch([entry(1), entry(2)]);
    expect(await muxer.close()).toEqual({ unconfirmed: 3, cached: 0 });
  });

  it('gives those that wait for room back to who wrote them, and does not report them', async () => {
    const { muxer, connection } = await connected();
    const { accepted, waits } = overfill(muxer, 3);
    const batch = muxer.writeBatch([entry(1), entry(2)]) as Promise<void>;
    const results = Promise.allSettled([...waits, batch]);
    await connection.entries(accepted);
    expect(await muxer.close()).toEqual({ unconfirmed: accepted, cached: 0 });
    const rejected = (await results).map((result) =>
      result.status === 'rejected' ? result.reason : undefined,
    );
    for (const error of rejected) {
      expect(error).toBeInstanceOf(WriteAbandonedError);
      expect(error.cause).toBeInstanceOf(NotRunningError);
    }
    expect(rejected.map(({ accepted, refused }) => [accepted, refused])).toEqual([
      ...[0, 0, 0].map(() => [0, 1]),
      [0, 2],
    ]);
    expect(connection.frames).toHaveLength(accepted);
  });

  it('waits no longer than its own timeout, whatever closeTimeout is', async () => {
    const { muxer, connection } = await connected({ closeTimeout: 3_600_000 });
    muxer.writeEntry(entry(0));
    await connection.entries(1);
    expect(await muxer.close({ timeout: 1 })).toEqual({ unconfirmed: 1, cached: 0 });
  });

  it('with a timeout that is none closes nothing', async () => {
    const { muxer } = await connected();
    expect(() => muxer.close({ timeout: 0 })).toThrow(InvalidTimeoutError);
    expect(muxer.status().state).toBe('running');
  });

  it('takes no more entries from then on', async () => {
    const { muxer } = await connected();
    muxer.writeEntry(entry(0));
    const closed = muxer.close();
    expect(() => muxer.writeEntry(entry(1))).toThrow(NotRunningError);
    expect(() => muxer.writeBatch([])).toThrow(NotRunningError);
    await expect(muxer.sync()).rejects.toThrow(NotRunningError);
    await expect(muxer.waitForHot()).rejects.toThrow(NotRunningError);
    expect(() => muxer.start()).toThrow(NotRunningError);
    expect(await closed).toEqual({ unconfirmed: 1, cached: 0 });
  });

  it('can be called again, before and after its end, and says the same', async () => {
    const { muxer } = await connected();
    muxer.writeEntry(entry(0));
    const first = muxer.close();
    expect(muxer.close()).toBe(first);
    expect(await first).toEqual({ unconfirmed: 1, cached: 0 });
    expect(await muxer.close()).toEqual({ unconfirmed: 1, cached: 0 });
    await muxer[Symbol.asyncDispose]();
  });

  it('comes by itself at the end of a block that uses a muxer', async () => {
    const recording = await CollectingIndexer.start();
    let used: IngestMuxer;
    {
      const targets = [recording.address];
      await using muxer = newMuxer({ targets, closeTimeout: 10_000 });
      muxer.start();
      muxer.writeEntry(entry(0));
      used = muxer;
    }
    expect(recording.received).toHaveLength(1);
    expect(() => used.writeEntry(entry(1))).toThrow(NotRunningError);
  });

  it('before the start has nothing to do', async () => {
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'] });
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
    expect(muxer.stats().lanes.map(({ state }) => state)).toEqual(['closed']);
  });

  it('right after the start ends what has begun', async () => {
    const recording = await CollectingIndexer.start();
    const muxer = newMuxer({ targets: [recording.address], closeTimeout: 10_000 });
    muxer.start();
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
    expect(muxer.hot()).toBe(0);
  });

  it('while the muxer waits between two attempts does not wait for the next', async () => {
    const times = { firstRetry: 60_000, mostRetry: 60_000 };
    const muxer = newMuxer({ targets: ['tcp://127.0.0.1:1'], times });
    const lost = new Promise((resolve) => muxer.once('lost', resolve));
    muxer.start();
    await lost;
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  });

  it('in the middle of a handshake does not wait for its end', async () => {
    const indexer = await ScriptedIndexer.listen({ greets: false });
    const times = { handshake: 60_000 };
    const muxer = newMuxer({ targets: [indexer.address], times });
    muxer.start();
    const connection = await indexer.connection(0);
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
    await connection.ended();
  });

  it('while an indexer is not ready does not wait for it', async () => {
    const indexer = await ScriptedIndexer.listen({ readiness: [false] });
    const times = { notReady: 60_000 };
    const muxer = newMuxer({ targets: [indexer.address], times });
    muxer.start();
    const connection = await indexer.connection(0);
    await connection.until('the question', () => connection.heard.includes('ingestOk'));
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  });

  it('ends the connection in good order', async () => {
    const { muxer, connection } = await connected();
    let failed: Error | undefined;
    connection.socket.on('error', (error) => {
      failed = error;
    });
    await muxer.close();
    await connection.ended();
    expect(failed).toBeUndefined();
  });

  it('leaves an indexer that keeps its half open', async () => {
    const indexer = await ScriptedIndexer.listen({ lingers: true });
    const muxer = await hotMuxer({ targets: [indexer.address] });
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  });

  it('leaves no lane that could be taken for hot', async () => {
    const { muxer } = await connected();
    await muxer.close();
    expect(muxer.hot()).toBe(0);
    expect(muxer.dead()).toBe(1);
    expect(muxer.stats()).toMatchObject({ hot: 0, lanes: [{ state: 'closed' }] });
  });

  it('is logged, with what is not confirmed', async () => {
    const { logger, lines } = collectLogs();
    const { muxer, connection } = await connected({ logger });
    muxer.writeEntry(entry(0));
    await connection.entries(1);
    await muxer.close();
    const parsed = lines.map((line) => JSON.parse(line));
    expect(parsed).toContainEqual(
      expect.objectContaining({
        level: 50,
        unconfirmed: 1,
        msg: 'closed with unconfirmed entries',
      }),
    );
    expect(parsed).toContainEqual(
      expect.objectContaining({ err: expect.objectContaining({ code: 'ERR_WAIT_TIMEOUT' }) }),
    );
  });
});
