import { encodeConfirmTag, encodePong, encodeThrottle } from '@ringest/codec';
import type { IngestMuxer } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrivals } from '../../support/arrivals.js';
import { entry } from '../../support/entries.js';
import { collectLogs, hotMuxer, wholeMuxer } from '../../support/muxer.js';
import { type Script, ScriptedIndexer } from '../../support/scripted-indexer.js';
import { until } from '../../support/waiting.js';

const MS = 1e6;
/** The longest that there is. */
const LONG = encodeThrottle(5000 * MS);

async function connected(script: Partial<Script> = {}) {
  const indexer = await ScriptedIndexer.listen(script);
  const muxer = await hotMuxer({ targets: [indexer.address] });
  return { indexer, muxer, connection: await indexer.hot(0) };
}

const throttledMs = (muxer: IngestMuxer, lane = 0): number =>
  muxer.stats().lanes[lane]?.balancer.throttledMs ?? Number.NaN;

describe('a throttled lane', () => {
  it('takes entries all the while, and sends them in order once the indexer speaks', async () => {
    const { muxer, connection } = await connected({ answersTags: false });
    connection.write(LONG);
    await until('the throttle', () => throttledMs(muxer) > 0);
    expect(throttledMs(muxer)).toBeLessThanOrEqual(5000);
    const all = Array.from({ length: 1000 }, (_, i) => entry(i));
    for (const one of all) expect(muxer.writeEntry(one)).toBeUndefined();
    const synced = muxer.sync();
    // Commands are not held back. This one comes after the thread has seen all that was written.
    muxer.negotiateTag('late');
    await connection.until('TAG', () => connection.heard.includes('tag'));
    expect(connection.frames).toHaveLength(0);
    connection.write(encodeConfirmTag(700));
    await connection.entries(1000);
    await until('the end of the throttle', () => throttledMs(muxer) === 0);
    connection.confirmThrough(1000);
    await synced;
    expectArrivals(connection.arrivals, expectedArrivals(all));
  });

  it('is in the log, once for many', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const { logger, lines } = collectLogs();
    const muxer = await hotMuxer({ targets: [indexer.address], logger });
    const connection = await indexer.hot(0);
    connection.write(Buffer.concat(Array.from({ length: 100 }, () => encodeThrottle(1 * MS))));
    muxer.writeEntry(entry(0));
    await muxer.sync();
    const told = lines.map((line) => JSON.parse(line)).filter(({ throttles }) => throttles > 0);
    expect(told).toEqual([
      expect.objectContaining({ throttles: 1, milliseconds: 1, target: indexer.address }),
    ]);
  });

  it('sends on when its time is over', async () => {
    const { muxer, connection } = await connected();
    connection.write(encodeThrottle(1 * MS));
    muxer.writeEntry(entry(0));
    await connection.entries(1);
    await until('the end of the throttle', () => throttledMs(muxer) === 0);
  });

  it('is forgotten with its connection', async () => {
    const { indexer, muxer, connection } = await connected();
    connection.write(LONG);
    await until('the throttle', () => throttledMs(muxer) > 0);
    connection.socket.destroy();
    const next = await indexer.hot(1);
    expect(throttledMs(muxer)).toBe(0);
    muxer.writeEntry(entry(0));
    await next.entries(1);
  });

  it('is passed over by the balancer, which expects its confirmations late', async () => {
    const indexers = [await ScriptedIndexer.listen(), await ScriptedIndexer.listen()];
    const targets = indexers.map(({ address }) => address);
    const muxer = await wholeMuxer({ targets, batchBytes: 1, workers: 1 });
    const [slow, free] = await Promise.all(indexers.map((indexer) => indexer.hot(0)));
    if (slow === undefined || free === undefined) throw new Error('two are connected');
    // Both have shown what they can.
    for (let i = 0; i < 20; i++) muxer.writeEntry(entry(i));
    await free.until('entries on both', () => slow.frames.length + free.frames.length === 20);
    slow.confirmThrough(slow.frames.length);
    free.confirmThrough(free.frames.length);
    await until('20 confirmations', () => muxer.stats().confirmedEntries === 20);
    const before = [slow.frames.length, free.frames.length] as const;
    expect(Math.min(...before)).toBeGreaterThan(0);

    slow.write(LONG);
    await until('the throttle', () => throttledMs(muxer) > 0);
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
