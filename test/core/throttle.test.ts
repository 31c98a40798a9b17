import { once } from 'node:events';
import { encodeConfirmEntry, encodePong, encodeThrottle } from '@ringest/codec';
import type { ConnectionError, IngestMuxer } from '@ringest/core';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { expectArrivals, expectedArrival } from '../support/arrivals.js';
import { hotMuxer, SMALL_RING, wholeMuxer } from '../support/muxer.js';
import { RecordingIndexer } from '../support/recording-indexer.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';

const entry = (i: number, bytes = 100) => ({
  timestamp: i,
  tag: 0,
  data: Buffer.alloc(bytes, `entry ${i} `),
});
const MS = 1e6;
/** Longer than any of these tests takes with a machine to itself. */
const LONG = encodeThrottle(5000 * MS);

async function connected() {
  const indexer = await ScriptedIndexer.listen();
  const muxer = await hotMuxer({ targets: [indexer.address] });
  return { indexer, muxer, connection: await indexer.hot(0) };
}

const throttledMs = (muxer: IngestMuxer, lane = 0): number =>
  muxer.stats().lanes[lane]?.balancer.throttledMs ?? Number.NaN;

async function until(condition: () => boolean): Promise<void> {
  await vi.waitFor(() => expect(condition()).toBe(true), { timeout: 10_000, interval: 1 });
}

describe('a throttled lane', () => {
  it('sends nothing for as long as the indexer wants', async () => {
    const { muxer, connection } = await connected();
    const asked = performance.now();
    connection.write(encodeThrottle(400 * MS));
    await until(() => throttledMs(muxer) > 0);
    muxer.writeEntry(entry(0));
    await connection.entries(1);
    // Less than a timer may be early.
    expect(performance.now() - asked).toBeGreaterThan(395);
    expect(throttledMs(muxer)).toBe(0);
  });

  it('whose pauses have no end while entries wait is lost in the time for confirmations', async () => {
    const indexer = await ScriptedIndexer.listen();
    const times = { confirmation: 300 };
    const muxer = await hotMuxer({ targets: [indexer.address], times });
    const first = await indexer.hot(0);
    const pauses = setInterval(() => first.write(LONG), 20);
    onTestFinished(() => clearInterval(pauses));
    await until(() => throttledMs(muxer) > 0);
    const lost = once(muxer, 'lost');
    muxer.writeEntry(entry(0));
    const [error] = (await lost) as [ConnectionError];
    expect(error).toMatchObject({ reason: 'timeout' });
    expect(error.message).toContain('has confirmed nothing');
    const second = await indexer.hot(1);
    await second.entries(1);
    expectArrivals(second.arrivals, [expectedArrival(entry(0))]);
  });

  it('goes on as soon as the indexer says something', async () => {
    const { muxer, connection } = await connected();
    muxer.writeEntry(entry(0));
    await connection.entries(1);
    for (const [i, word] of [encodePong(), encodeConfirmEntry(1), encodePong()].entries()) {
      const asked = performance.now();
      connection.write(LONG);
      await until(() => throttledMs(muxer) > 0);
      muxer.writeEntry(entry(i + 1));
      expect(connection.frames).toHaveLength(i + 1);
      connection.write(word);
      await connection.entries(i + 2);
      await until(() => throttledMs(muxer) === 0);
      expect(performance.now() - asked).toBeLessThan(5000);
    }
  });

  it('goes on as well when that came in the same packet', async () => {
    const { muxer, connection } = await connected();
    muxer.writeEntry(entry(0));
    await connection.entries(1);
    connection.write(Buffer.concat([LONG, encodeConfirmEntry(1)]));
    await until(() => muxer.stats().confirmedEntries === 1);
    expect(throttledMs(muxer)).toBe(0);
  });

  it('stays throttled when the indexer spoke before, and counts a new throttle from its own time', async () => {
    const { muxer, connection } = await connected();
    muxer.writeEntry(entry(0));
    await connection.entries(1);
    connection.write(Buffer.concat([encodeConfirmEntry(1), encodeThrottle(1 * MS), LONG]));
    await until(() => throttledMs(muxer) > 1000);
  });

  it('is never throttled for more than five seconds', async () => {
    const { muxer, connection } = await connected();
    for (const nanoseconds of [60_000 * MS, 2 ** 53]) {
      connection.write(Buffer.concat([encodePong(), encodeThrottle(nanoseconds)]));
      await until(() => throttledMs(muxer) > 1000);
      expect(throttledMs(muxer)).toBeLessThanOrEqual(5000);
      connection.write(encodePong());
      await until(() => throttledMs(muxer) === 0);
    }
  });

  it('takes entries all the while, and sends them in order afterwards', async () => {
    const { muxer, connection } = await connected();
    connection.write(LONG);
    await until(() => throttledMs(muxer) > 0);
    const all = Array.from({ length: 1000 }, (_, i) => entry(i));
    for (const one of all) expect(muxer.writeEntry(one)).toBeUndefined();
    const synced = muxer.sync();
    expect(connection.frames).toHaveLength(0);
    connection.write(encodePong());
    await connection.entries(1000);
    connection.confirmThrough(1000);
    await synced;
    expectArrivals(
      connection.arrivals,
      all.map((one) => expectedArrival(one)),
    );
  });

  it('is forgotten with its connection', async () => {
    const { indexer, muxer, connection } = await connected();
    connection.write(LONG);
    await until(() => throttledMs(muxer) > 0);
    connection.socket.destroy();
    const next = await indexer.hot(1);
    expect(throttledMs(muxer)).toBe(0);
    muxer.writeEntry(entry(0));
    await next.entries(1);
  });

  it('is passed over by the balancer, which expects its confirmations late', async () => {
    const indexers = [await ScriptedIndexer.listen(), await ScriptedIndexer.listen()];
    const targets = indexers.map(({ address }) => address);
    const muxer = await wholeMuxer({ targets, batchBytes: 1 });
    const [slow, free] = await Promise.all(indexers.map((indexer) => indexer.hot(0)));
    if (slow === undefined || free === undefined) throw new Error('two are connected');
    // Both have shown what they can.
    for (let i = 0; i < 20; i++) muxer.writeEntry(entry(i));
    await free.until('entries on both', () => slow.frames.length + free.frames.length === 20);
    slow.confirmThrough(slow.frames.length);
    free.confirmThrough(free.frames.length);
    await until(() => muxer.stats().confirmedEntries === 20);
    const before = [slow.frames.length, free.frames.length] as const;
    expect(Math.min(...before)).toBeGreaterThan(0);

    slow.write(LONG);
    await until(() => throttledMs(muxer) > 0);
    const [first, second] = muxer.stats().lanes;
    expect(first?.balancer.expectedMs).toBeGreaterThan(second?.balancer.expectedMs ?? 0);
    for (let i = 0; i < 200; i++) muxer.writeEntry(entry(i));
    expect(throttledMs(muxer)).toBeGreaterThan(0);
    await free.entries(before[1] + 200);
    slow.write(encodePong());
    free.confirmThrough(free.frames.length);
    await muxer.sync();
    expect(slow.frames).toHaveLength(before[0]);
  });
});

describe('an indexer that throttles again and again', () => {
  it('gets everything, once and in order, though it is the only one', async () => {
    const recording = await RecordingIndexer.start({ throttle: 150 });
    const muxer = await hotMuxer({ targets: [recording.address], ringBytes: SMALL_RING });
    const throttles = new Set<number>();
    const end = performance.now() + 1500;
    let written = 0;
    while (performance.now() < end) {
      const wait = muxer.writeEntry(entry(written++));
      if (wait) await wait;
      else if (written % 50 === 0) await new Promise(setImmediate);
      if (throttledMs(muxer) > 0) throttles.add(written);
    }
    await muxer.sync();
    expect(throttles.size).toBeGreaterThan(0);
    expectArrivals(
      recording.received,
      Array.from({ length: written }, (_, i) => expectedArrival(entry(i))),
    );
    expect(muxer.stats()).toMatchObject({ confirmedEntries: written, reconnects: 0 });
  });
});
