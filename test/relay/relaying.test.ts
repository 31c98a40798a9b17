import { EnumeratedValue, Timestamp } from '@ringest/core';
import { describe, it } from 'vitest';
import { expectArrivals, expectedArrival } from '../support/arrivals.js';
import { CollectingIndexer } from '../support/collecting-indexer.js';
import { hotMuxer } from '../support/muxer.js';
import { startRelay } from '../support/relaying.js';

async function behind(indexer: { readonly address: string }) {
  return await startRelay({ muxer: { targets: [indexer.address] } });
}

describe('a relay', () => {
  it('sends entries on with their tags, times, sources, data and enumerated values', async () => {
    const indexer = await CollectingIndexer.start();
    const { address } = await behind(indexer);
    const muxer = await hotMuxer({ targets: [address], tags: ['a', 'b'] });
    const entries = [
      { timestamp: new Timestamp(5, 6), tag: 1, data: 'first', source: '10.1.2.3' },
      { timestamp: new Timestamp(-7, 999_999_999), tag: 0, data: '', source: '2001:db8::1' },
      {
        timestamp: new Timestamp(8, 0),
        tag: 1,
        data: Buffer.alloc(3000, 7),
        enumeratedValues: [EnumeratedValue.infer('name', 'value'), EnumeratedValue.infer('n', 12)],
      },
    ];
    await muxer.writeBatch(entries);
    await muxer.sync();
    const names = ['a', 'b'];
    const expected = entries.map((entry) => expectedArrival(entry, names[entry.tag]));
    expectArrivals(indexer.received, expected);
  });
});
