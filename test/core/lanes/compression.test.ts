import { Compression } from '@ringest/codec';
import type { EntryInput } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival, expectedArrivals } from '../../support/arrivals.js';
import { hotMuxer, SMALL_RING } from '../../support/muxer.js';
import { ScriptedIndexer } from '../../support/scripted-indexer.js';

const SNAPPY = { compression: Compression.snappy } as const;

const entry = (i: number, bytes = 300): EntryInput => ({
  timestamp: i,
  tag: 0,
  data: Buffer.alloc(bytes, `a log line that says little, number ${i} `),
});

const entries = (count: number, bytes?: number): EntryInput[] =>
  Array.from({ length: count }, (_, i) => entry(i, bytes));

describe('compression', () => {
  it('that both sides agree on makes the wire shorter and changes nothing else', async () => {
    const indexer = await ScriptedIndexer.listen({ ...SNAPPY, confirms: 'at once' });
    const muxer = await hotMuxer({
      targets: [indexer.address],
      compression: 'snappy',
      ringBytes: SMALL_RING,
    });
    const written = [...entries(2000), entry(5000, 100_000), ...entries(100)];
    for (const one of written) await muxer.writeEntry(one);
    await muxer.sync();
    const connection = await indexer.hot(0);
    expectArrivals(connection.arrivals, expectedArrivals(written));
    const { lanes, sentBytes, wireBytes } = muxer.stats();
    expect(lanes[0]?.compression).toBe('snappy');
    expect(wireBytes).toBeLessThan(sentBytes / 2);
  });

  it('takes entries of many mebibytes slice by slice, with nothing in between', async () => {
    const indexer = await ScriptedIndexer.listen({ ...SNAPPY, confirms: 'on flush' });
    const muxer = await hotMuxer({
      targets: [indexer.address],
      compression: 'snappy',
      ringBytes: SMALL_RING,
    });
    const written = [entry(0), entry(1, 6_000_000), entry(2), entry(3, 3_000_000), entry(4)];
    for (const one of written) {
      const wait = muxer.writeEntry(one);
      // Commands come between the entries, whatever is on its way.
      void muxer.sync().catch(() => {});
      await wait;
    }
    await muxer.sync();
    const { arrivals } = await indexer.hot(0);
    expectArrivals(arrivals, expectedArrivals(written));
    expect(muxer.stats().resentEntries).toBe(0);
  });

  it('carries tags, states and ditto blocks as well', async () => {
    const indexer = await ScriptedIndexer.listen({ ...SNAPPY, confirms: 'at once' });
    const muxer = await hotMuxer({ targets: [indexer.address], compression: 'snappy' });
    const connection = await indexer.hot(0);
    const tag = muxer.negotiateTag('late');
    muxer.writeEntry({ ...entry(1), tag });
    await muxer.sync();
    await muxer.dittoWrite(entries(3));
    muxer.setMetadata({ where: 'here' });
    await connection.until('the metadata', () => connection.states.at(-1)?.metadata !== undefined);
    expect(connection.arrivals).toEqual([expectedArrival({ ...entry(1), tag }, 'late')]);
    expect(connection.dittos).toEqual([expect.objectContaining({ length: 3 })]);
  });

  it('is taken back with the connection: what was not confirmed is sent again', async () => {
    const indexer = await ScriptedIndexer.listen(SNAPPY);
    const muxer = await hotMuxer({ targets: [indexer.address], compression: 'snappy' });
    muxer.writeBatch(entries(500));
    const first = await indexer.hot(0);
    await first.entries(500);
    first.confirmThrough(123);
    while (muxer.stats().confirmedEntries < 123) await new Promise(setImmediate);
    first.socket.destroy();
    const second = await indexer.hot(1);
    await second.entries(377);
    second.confirmThrough(377);
    await muxer.sync();
    expectArrivals(
      second.arrivals,
      entries(500)
        .slice(123)
        .map((one) => expectedArrival(one)),
    );
  });

  it('that the indexer does not want is left out', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const muxer = await hotMuxer({ targets: [indexer.address], compression: 'snappy' });
    muxer.writeBatch(entries(10));
    await muxer.sync();
    const { lanes, sentBytes, wireBytes } = muxer.stats();
    expect(lanes[0]?.compression).toBe('none');
    expect(wireBytes).toBeGreaterThanOrEqual(sentBytes);
  });

  it('is not asked of an indexer that is too old for it', async () => {
    const indexer = await ScriptedIndexer.listen({ version: 4, confirms: 'at once' });
    const muxer = await hotMuxer({ targets: [indexer.address], compression: 'snappy' });
    muxer.writeBatch(entries(10));
    await muxer.sync();
    expect(muxer.stats().lanes[0]?.compression).toBe('none');
  });
});
