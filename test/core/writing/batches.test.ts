import type { EntryInput } from '@ringest/codec';
import { BatchError } from '@ringest/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrivals } from '../../support/arrivals.js';
import { hotMuxer, SMALL_RING } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../../support/vectors.js';

const entry = (i: number, bytes = 1000): EntryInput => ({
  timestamp: i,
  tag: 0,
  data: Buffer.alloc(bytes, `entry ${i} `),
});

const entries = (from: number, to: number, bytes?: number): EntryInput[] =>
  Array.from({ length: to - from }, (_, i) => entry(from + i, bytes));

const arrivalsOf = (written: readonly EntryInput[]) => expectedArrivals(written);

/** An entry that is refused after most of it was looked at. */
const BAD: EntryInput = { ...entry(0), source: 'nowhere' };

async function recorded() {
  const recording = await RecordingIndexer.start();
  const muxer = await hotMuxer({ targets: [recording.address], ringBytes: SMALL_RING });
  return { recording, muxer };
}

describe('a batch', () => {
  it('may be larger than the ring', async () => {
    const { recording, muxer } = await recorded();
    await muxer.writeBatch(entries(0, 1000));
    await muxer.sync();
    expectArrivals(recording.received, arrivalsOf(entries(0, 1000)));
  });

  it('keeps its place among entries written in the same turn of the event loop', async () => {
    const { recording, muxer } = await recorded();
    const written: EntryInput[] = [];
    for (let i = 0; i < 20; i++) {
      const batch = entries(10 * i, 10 * i + (i % 4), 10);
      const single = entry(10 * i + 9, 10);
      muxer.writeBatch(batch);
      muxer.writeEntry(single);
      written.push(...batch, single);
    }
    await muxer.sync();
    expectArrivals(recording.received, arrivalsOf(written));
  });

  it.each([
    ['of a few small entries', entries(0, 3, 10)],
    ['of as much as half of the ring', entries(0, 32)],
    ['of more than the ring', entries(0, 500)],
    [
      'with entries larger than the ring',
      [entry(0), entry(1, 100_000), entry(2), entry(3, 70_000)],
    ],
    ['of none', []],
  ])('%s leaves nothing behind when its last entry is refused', async (_what, good) => {
    const { recording, muxer } = await recorded();
    const before = entry(1000, 10);
    const after = entry(1001, 10);
    // It is still in the making when the batch is refused.
    muxer.writeEntry(before);
    const error: BatchError = await (async () => muxer.writeBatch([...good, BAD]))().catch(
      (thrown) => thrown,
    );
    expect(error).toBeInstanceOf(BatchError);
    expect(error.index).toBe(good.length);
    expect(muxer.stats()).toMatchObject({ writtenEntries: 1, backlogEntries: 0 });
    muxer.writeEntry(after);
    await muxer.sync();
    expectArrivals(recording.received, arrivalsOf([before, after]));
    expect(muxer.stats()).toMatchObject({ writtenEntries: 2, confirmedEntries: 2 });
  });

  it('that is refused while others wait is not queued up either', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
    const connection = await indexer.hot(0);
    const wait = muxer.writeBatch(entries(0, 100));
    const { writtenEntries, backlogEntries } = muxer.stats();
    expect(() => muxer.writeBatch([entry(1), BAD])).toThrow(BatchError);
    expect(() => muxer.writeBatch([BAD])).toThrow(BatchError);
    expect(muxer.stats()).toMatchObject({ writtenEntries, backlogEntries });
    while (connection.frames.length < 100) {
      await connection.entries(connection.frames.length + 1);
      connection.confirmThrough(connection.frames.length);
    }
    await wait;
    expectArrivals(connection.arrivals, arrivalsOf(entries(0, 100)));
  });

  it('whose entry changes when it is looked at again leaves no copies to the next write', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
    muxer.writeBatch(entries(0, 100))?.catch(() => {});
    const { backlogEntries } = muxer.stats();
    let looks = 0;
    const changing = {
      ...{ timestamp: 1, tag: 0 },
      get data() {
        if (looks++ > 0) throw new Error('no longer there');
        return 'there';
      },
    };
    const batch = [entry(1, 10), entry(2, 70_000), changing];
    expect(() => muxer.writeBatch(batch)).toThrow('no longer there');
    expect(muxer.stats().backlogEntries).toBe(backlogEntries);
    muxer.writeEntry(entry(3))?.catch(() => {});
    expect(muxer.stats().backlogEntries).toBe(backlogEntries + 1);
  });

  it('may be given again after it was refused, without the bad entry', async () => {
    const { recording, muxer } = await recorded();
    const batch = [entry(0), BAD, entry(1)];
    try {
      muxer.writeBatch(batch);
    } catch (error) {
      batch.splice((error as BatchError).index, 1);
      muxer.writeBatch(batch);
    }
    await muxer.sync();
    expectArrivals(recording.received, arrivalsOf(entries(0, 2)));
  });

  it(
    'arrives as a whole or not at all, whatever was written around it',
    async () => {
      const { recording, muxer } = await recorded();
      const anySize = fc.oneof(
        { weight: 8, arbitrary: fc.nat({ max: 2000 }) },
        { weight: 1, arbitrary: fc.nat({ max: 40_000 }) },
      );
      const anyBatch = fc.record({
        sizes: fc.array(anySize, { maxLength: 30 }),
        bad: fc.option(fc.nat({ max: 30 }), { freq: 2 }),
        turn: fc.boolean(),
      });
      await fc.assert(
        fc.asyncProperty(fc.array(anyBatch, { maxLength: 8 }), async (batches) => {
          recording.received.length = 0;
          const accepted: EntryInput[] = [];
          for (const { sizes, bad, turn } of batches) {
            const good = sizes.map((bytes, i) => entry(i, bytes));
            if (bad === null) {
              const wait = muxer.writeBatch(good);
              accepted.push(...good);
              if (wait) await wait;
            } else {
              const index = Math.min(bad, good.length);
              expect(() => muxer.writeBatch(good.toSpliced(index, 0, BAD))).toThrow(BatchError);
            }
            if (turn) await new Promise(setImmediate);
          }
          await muxer.sync();
          expectArrivals(recording.received, arrivalsOf(accepted));
        }),
        fuzzRuns(200),
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});
