import type { EntryInput } from '@ringest/codec';
import type { MuxerConfiguration } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival } from '../support/arrivals.js';
import { dripTo } from '../support/hostile-drip.js';
import { hotMuxer } from '../support/muxer.js';
import { RecordingIndexer } from '../support/recording-indexer.js';

const ENTRIES = 60;

/** Now and then with values, and now and then longer than what is read at a time. */
const entry = (i: number): EntryInput => ({
  timestamp: i,
  tag: i % 2,
  data: 'x'.repeat(i === 30 ? 20_000 : i),
  ...(i % 3 === 0 && { enumeratedValues: { number: i, text: 'a value' } }),
});

describe('a session whose bytes all travel alone', () => {
  it.each<[name: string, configuration: Partial<MuxerConfiguration>]>([
    ['plain', {}],
    ['of a tenant', { tenant: 'acme' }],
    ['compressed', { compression: 'snappy' }],
  ])('is one like any other: %s', async (_name, configuration) => {
    const tags = ['test', 'other', 'late'];
    const recording = await RecordingIndexer.start({ tags });
    const way = await dripTo(Number(new URL(recording.address).port));
    const muxer = await hotMuxer({
      targets: [way.address],
      tags: ['test', 'other'],
      ...configuration,
    });
    const losses: Error[] = [];
    muxer.on('lost', (error) => losses.push(error));
    const entries = Array.from({ length: ENTRIES }, (_, i) => entry(i));
    for (const one of entries) muxer.writeEntry(one);
    const late = { ...entry(1), tag: muxer.negotiateTag('late') };
    muxer.writeEntry(late);
    await muxer.sync({ timeout: 45_000 });
    const expected = [...entries, late].map((one) => expectedArrival(one, tags[one.tag]));
    expectArrivals(recording.received, expected);
    expect(losses).toEqual([]);
    expect(way.accepted).toBe(1);
    expect(await muxer.close()).toEqual({ unconfirmed: 0, cached: 0 });
  });
});
