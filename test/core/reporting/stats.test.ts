import { NotHotError } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { hotMuxer, newMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { startIndexer } from '../../support/node-process.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

const FRAME = 46;
const entry = (bytes: number) => ({ timestamp: 0, tag: 0, data: Buffer.alloc(bytes) });
const NO_LATENCY = { mean: 0, p50: 0, p90: 0, p99: 0, max: 0, samples: 0 };
const NO_HISTOGRAM = {
  bounds: expect.arrayContaining([0.05, 1, 10_000, Infinity]),
  counts: new Array(18).fill(0),
  sum: 0,
};

describe('statistics', () => {
  it('of a muxer that was not started are all zero', () => {
    const target = 'tcp://127.0.0.1:1';
    const amounts = {
      writtenEntries: 0,
      writtenBytes: 0,
      sentEntries: 0,
      sentBytes: 0,
      confirmedEntries: 0,
      confirmedBytes: 0,
      resentEntries: 0,
      resentBytes: 0,
      wireBytes: 0,
    };
    expect(newMuxer({ targets: [target], ringBytes: SMALL_RING }).stats()).toEqual({
      ...amounts,
      hot: 0,
      reconnects: 0,
      unconfirmedBytes: 0,
      backlogEntries: 0,
      refusedEntries: 0,
      producers: 0,
      producerBytes: 0,
      dittoBytes: 0,
      droppedLogLines: 0,
      ackLatencyMs: NO_LATENCY,
      ackHistogram: NO_HISTOGRAM,
      lanes: [
        {
          ...amounts,
          target,
          state: 'connecting',
          evacuatedEntries: 0,
          reconnects: 0,
          unconfirmedBytes: 0,
          ringBytes: SMALL_RING,
          ackLatencyMs: NO_LATENCY,
          ackHistogram: NO_HISTOGRAM,
          balancer: {
            rate: 0,
            ackLatencyMs: 0,
            throttledMs: 0,
            expectedMs: 1,
            isProbed: false,
          },
          indexerVersion: undefined,
          compression: undefined,
          lastError: undefined,
        },
      ],
    });
  });

  it('say what is written, sent and confirmed', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
    const connection = await indexer.hot(0);
    muxer.writeBatch([entry(10), entry(100)]);
    expect(muxer.stats()).toMatchObject({
      writtenEntries: 2,
      confirmedEntries: 0,
      lanes: [{ writtenEntries: 2, unconfirmedBytes: 110 + 2 * FRAME, state: 'hot' }],
    });
    const before = muxer.stats();
    await connection.entries(2);
    connection.confirmThrough(1);
    while (muxer.stats().confirmedEntries < 1) await new Promise(setImmediate);
    expect(muxer.stats().lanes[0]).toMatchObject({
      sentEntries: 2,
      sentBytes: 110 + 2 * FRAME,
      confirmedEntries: 1,
    });
    connection.confirmThrough(2);
    await muxer.sync();
    const { ackHistogram, ackLatencyMs, lanes } = muxer.stats();
    expect(lanes[0]).toMatchObject({
      confirmedEntries: 2,
      unconfirmedBytes: 0,
      indexerVersion: 9,
      reconnects: 0,
    });
    expect(lanes[0]?.ackLatencyMs).toEqual(ackLatencyMs);
    expect(lanes[0]?.ackHistogram).toEqual(ackHistogram);
    expect(ackHistogram.counts.at(-1)).toBe(ackLatencyMs.samples);
    expect(ackHistogram.sum / ackLatencyMs.samples).toBeCloseTo(ackLatencyMs.mean, 1);
    expect(ackLatencyMs.p50).toBeGreaterThan(0);
    expect(ackLatencyMs.max).toBeGreaterThanOrEqual(ackLatencyMs.p50);
    // A snapshot stays what it was.
    expect(before.confirmedEntries).toBe(0);
    expect(before.lanes[0]?.confirmedEntries).toBe(0);
  });

  it('count a large entry with all its bytes', async () => {
    const recording = await CollectingIndexer.start();
    const muxer = await hotMuxer({ targets: [recording.address], ringBytes: SMALL_RING });
    await muxer.writeEntry(entry(500_000));
    await muxer.sync();
    expect(muxer.stats().lanes[0]).toMatchObject({
      writtenEntries: 1,
      sentEntries: 1,
      sentBytes: 500_000 + FRAME,
      confirmedEntries: 1,
    });
  });

  it('of lanes add up to those of the muxer', async () => {
    const recordings = [await CollectingIndexer.start(), await CollectingIndexer.start()];
    const targets = recordings.map(({ address }) => address);
    const muxer = await wholeMuxer({ targets, batchBytes: 1 });
    for (let i = 0; i < 1000; i++) muxer.writeEntry(entry(i));
    await muxer.sync();
    const { lanes, ...all } = muxer.stats();
    const sum = (of: 'writtenEntries' | 'confirmedEntries') =>
      lanes.reduce((total, lane) => total + lane[of], 0);
    expect(all).toMatchObject({ hot: 2, writtenEntries: 1000, confirmedEntries: 1000 });
    expect([sum('writtenEntries'), sum('confirmedEntries')]).toEqual([1000, 1000]);
  });
});

describe('the local address', () => {
  it('is known whenever a lane counts as hot', async () => {
    const { address } = await startIndexer('--listen', '127.0.0.1:0');
    const targets = ['tcp://127.0.0.1:1', `tcp://${address}`];
    const muxer = newMuxer({ targets, workers: 1 });
    const isKnown = () => {
      try {
        return muxer.sourceIP() === '127.0.0.1';
      } catch (error) {
        expect(error).toBeInstanceOf(NotHotError);
        return false;
      }
    };
    const result = new Promise((resolve) => {
      // A refused connection is told of while the other one still shakes hands.
      muxer.once('lost', () => {
        const end = performance.now() + 500;
        // Nothing is heard from the worker meanwhile, but what it shares could be seen.
        while (muxer.hot() === 0 && performance.now() < end);
        resolve([muxer.hot() === 1, isKnown()]);
      });
    });
    muxer.start();
    const [isHot, known] = (await result) as [boolean, boolean];
    expect(known).toBe(isHot);
    await muxer.waitForHot();
    expect([muxer.hot(), isKnown()]).toEqual([1, true]);
  });
});
