import type { Worker } from 'node:worker_threads';
import type { Amounts, IngestMuxer } from '@ringest/core';
import { describe, expect, it, onTestFinished } from 'vitest';
import { hotMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { type ScriptedConnection, ScriptedIndexer } from '../../support/scripted-indexer.js';
import { until } from '../../support/waiting.js';

const FRAME = 46;
const entry = (bytes: number) => ({ timestamp: 0, tag: 0, data: Buffer.alloc(bytes) });
/** An enumerated value of 8 + 1 + 4 bytes in a block with 8 bytes before it. */
const VALUES = { enumeratedValues: { a: 'four' } };
const VALUES_BYTES = 21;

/** Confirms entries as they come, until so many are. */
async function confirmAll(connection: ScriptedConnection, count: number): Promise<void> {
  for (let confirmed = 0; confirmed < count; ) {
    await connection.entries(confirmed + 1);
    confirmed = connection.frames.length;
    connection.confirmThrough(confirmed);
  }
}

/** What must be true of amounts at every moment. */
function expectPossible(amounts: Amounts, writtenEverywhere = amounts): void {
  const { sentEntries, confirmedEntries, resentEntries } = amounts;
  const { sentBytes, confirmedBytes, resentBytes } = amounts;
  for (const count of Object.values(amounts)) if (count < 0) expect(amounts).toBe('not negative');
  expect(confirmedEntries + resentEntries).toBeLessThanOrEqual(sentEntries);
  expect(confirmedBytes + resentBytes).toBeLessThanOrEqual(sentBytes);
  expect(sentEntries - resentEntries).toBeLessThanOrEqual(writtenEverywhere.writtenEntries);
  expect(sentBytes - resentBytes).toBeLessThanOrEqual(writtenEverywhere.writtenBytes);
}

function amountsOf(stats: Amounts): Amounts {
  const { writtenEntries, writtenBytes, sentEntries, sentBytes } = stats;
  const { confirmedEntries, confirmedBytes, resentEntries, resentBytes, wireBytes } = stats;
  const first = { writtenEntries, writtenBytes, sentEntries, sentBytes };
  return { ...first, confirmedEntries, confirmedBytes, resentEntries, resentBytes, wireBytes };
}

function expectAllPossible(muxer: IngestMuxer): void {
  const stats = muxer.stats();
  expectPossible(amountsOf(stats));
  for (const lane of stats.lanes) expectPossible(amountsOf(lane));
}

describe('the amounts of a muxer', () => {
  it('are those of the frames, whatever pads the ring needs', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
    const sizes = Array.from({ length: 400 }, (_, i) => (i * 37) % 3000);
    const confirmed = confirmAll(await indexer.hot(0), sizes.length);
    for (const size of sizes) await muxer.writeEntry(entry(size));
    await Promise.all([confirmed, muxer.sync()]);
    const bytes = sizes.reduce((sum, size) => sum + size + FRAME, 0);
    expect(muxer.stats()).toMatchObject({
      writtenEntries: 400,
      writtenBytes: bytes,
      sentEntries: 400,
      sentBytes: bytes,
      confirmedEntries: 400,
      confirmedBytes: bytes,
      resentEntries: 0,
      resentBytes: 0,
      unconfirmedBytes: 0,
    });
  });

  it('say what was sent before anything of it is confirmed', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
    const connection = await indexer.hot(0);
    muxer.writeBatch([entry(10), entry(20), entry(30_000)]);
    await connection.entries(3);
    expect(muxer.stats()).toMatchObject({
      sentEntries: 3,
      sentBytes: 30_030 + 3 * FRAME,
      confirmedEntries: 0,
      confirmedBytes: 0,
    });
  });

  it.each([
    [9, VALUES_BYTES],
    [7, 0],
  ])('of entries with values are what an indexer of version %s is sent', async (version, sent) => {
    const indexer = await ScriptedIndexer.listen({ version });
    const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
    const connection = await indexer.hot(0);
    muxer.writeBatch([entry(10), { ...entry(20), ...VALUES }, { ...entry(30_000), ...VALUES }]);
    await connection.entries(3);
    connection.confirmThrough(2);
    await until('the counters', () => muxer.stats().confirmedEntries === 2);
    connection.socket.destroy();
    const next = await indexer.hot(1);
    await next.entries(1);
    next.confirmThrough(1);
    await muxer.sync();
    const frames = 30_030 + 3 * FRAME;
    const again = 30_000 + FRAME + sent;
    expect(muxer.stats()).toMatchObject({
      writtenBytes: frames + 2 * VALUES_BYTES,
      sentEntries: 4,
      sentBytes: frames + 2 * sent + again,
      confirmedEntries: 3,
      confirmedBytes: frames + 2 * sent,
      resentEntries: 1,
      resentBytes: again,
    });
  });

  it('count what was confirmed of a socket write whose rest is sent again', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const connection = await indexer.hot(0);
    muxer.writeBatch(Array.from({ length: 10 }, (_, i) => entry(i * 10)));
    await connection.entries(10);
    connection.confirmThrough(4);
    await until('the counters', () => muxer.stats().confirmedEntries === 4);
    connection.socket.destroy();
    const next = await indexer.hot(1);
    await next.entries(6);
    const bytes = (from: number, to: number) => {
      let sum = 0;
      for (let i = from; i < to; i++) sum += i * 10 + FRAME;
      return sum;
    };
    expect(muxer.stats()).toMatchObject({ confirmedEntries: 4, confirmedBytes: bytes(0, 4) });
    next.confirmThrough(6);
    await muxer.sync();
    expect(muxer.stats()).toMatchObject({
      writtenBytes: bytes(0, 10),
      sentEntries: 16,
      sentBytes: bytes(0, 10) + bytes(4, 10),
      confirmedEntries: 10,
      confirmedBytes: bytes(0, 10),
      resentEntries: 6,
      resentBytes: bytes(4, 10),
      reconnects: 1,
    });
  });

  it('count an entry that was moved between lanes once, and say that it was', async () => {
    const indexers = [await ScriptedIndexer.listen(), await ScriptedIndexer.listen()];
    const targets = indexers.map(({ address }) => address);
    const muxer = await wholeMuxer({ targets, batchBytes: 1, ringBytes: SMALL_RING });
    const [lost, other] = await Promise.all(indexers.map((indexer) => indexer.hot(0)));
    if (lost === undefined || other === undefined) throw new Error('two are connected');
    for (let i = 0; i < 20; i++) muxer.writeEntry(entry(100));
    for (let i = 0; i < 4; i++) muxer.writeEntry(entry(20_000));
    await other.until('all', () => lost.frames.length + other.frames.length === 24);
    const moved = lost.frames.length;
    const lostBytes = muxer.stats().lanes[0]?.writtenBytes;
    expect(moved).toBeGreaterThan(0);
    await indexers[0]?.close();
    await confirmAll(other, 24);
    await muxer.sync();
    const bytes = 20 * (100 + FRAME) + 4 * (20_000 + FRAME);
    const stats = muxer.stats();
    expect(stats).toMatchObject({
      writtenEntries: 24,
      writtenBytes: bytes,
      sentEntries: 24 + moved,
      confirmedEntries: 24,
      confirmedBytes: bytes,
      resentEntries: moved,
      resentBytes: lostBytes,
      unconfirmedBytes: 0,
    });
    expect(stats.lanes[0]).toMatchObject({ evacuatedEntries: moved, confirmedEntries: 0 });
    expect(stats.lanes[1]).toMatchObject({ writtenEntries: 24, evacuatedEntries: 0 });
  });

  it('never say that more is confirmed than was sent, though a worker dies with what it knew', async () => {
    const threads: Worker[] = [];
    const watch = (thread: Worker) => threads.push(thread);
    process.on('worker', watch);
    onTestFinished(() => {
      process.off('worker', watch);
    });
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const connection = await indexer.hot(0);
    muxer.writeBatch(Array.from({ length: 10 }, () => entry(100)));
    await connection.entries(10);
    connection.confirmThrough(4);
    await until('the counters', () => muxer.stats().confirmedEntries === 4);
    await threads[0]?.terminate();
    const next = await indexer.hot(1);
    await next.entries(6);
    expectAllPossible(muxer);
    await confirmAll(next, next.frames.length);
    while (muxer.stats().unconfirmedBytes > 0) await confirmAll(next, next.frames.length);
    const { writtenEntries, sentEntries, confirmedEntries, resentEntries } = muxer.stats();
    expect([writtenEntries, confirmedEntries]).toEqual([10, 10]);
    expect(sentEntries).toBe(confirmedEntries + resentEntries);
  });

  it('are possible at every moment under load, while connections break', async () => {
    const recordings = [
      await RecordingIndexer.start({ failAfter: 377, ackDelay: 3 }),
      await RecordingIndexer.start(),
    ];
    const targets = recordings.map(({ address }) => address);
    const muxer = await wholeMuxer({ targets, ringBytes: SMALL_RING, batchBytes: 4000 });
    let written = 0;
    let bytes = 0;
    for (; written < 2000 || muxer.stats().reconnects < 2; written++) {
      const size = written % 200 === 0 ? 20_000 : (written * 7) % 900;
      const wait = muxer.writeEntry(entry(size));
      bytes += size + FRAME;
      if (written % 20 === 0) expectAllPossible(muxer);
      if (wait) await wait;
    }
    await muxer.sync();
    expectAllPossible(muxer);
    const stats = muxer.stats();
    expect(stats).toMatchObject({
      writtenEntries: written,
      writtenBytes: bytes,
      confirmedEntries: written,
      confirmedBytes: bytes,
      unconfirmedBytes: 0,
      backlogEntries: 0,
      sentEntries: written + stats.resentEntries,
      sentBytes: bytes + stats.resentBytes,
    });
    const { mean, p50, p90, p99, max } = stats.ackLatencyMs;
    expect([p50, p90, p99, max]).toEqual([p50, p90, p99, max].toSorted((a, b) => a - b));
    expect(mean).toBeGreaterThan(0);
    expect(mean).toBeLessThanOrEqual(max);
  });
});
