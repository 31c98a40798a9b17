import { MinimumVersion } from '@ringest/codec';
import { Indexer, type IndexerOptions } from '@ringest/indexer';
import { expect, it, onTestFinished } from 'vitest';
import { lightChallenges } from '../support/light-challenges.js';
import { hotMuxer, SECRET } from '../support/muxer.js';

const ENTRIES = 2000;

/** Brings entries to an indexer that is not like others; which of them arrived, and how often. */
async function ingest(options: Partial<IndexerOptions>) {
  lightChallenges();
  const arrivals = new Map<string, number>();
  let valued = 0;
  const indexer = new Indexer({
    listen: '127.0.0.1:0',
    secret: SECRET,
    onEntry(entry) {
      const data = entry.data.toString();
      arrivals.set(data, (arrivals.get(data) ?? 0) + 1);
      if (entry.valuesLength > 0) valued++;
    },
    ...options,
  });
  onTestFinished(() => indexer.close());
  const muxer = await hotMuxer({ targets: [await indexer.listen()] });
  for (let i = 0; i < ENTRIES; i++) {
    const values = i % 10 === 0 ? { enumeratedValues: { i } } : {};
    await muxer.writeEntry({ timestamp: i, tag: 0, data: `entry ${i}`, ...values });
  }
  await muxer.sync({ timeout: 45_000 });
  return { arrivals, valued, indexer };
}

it('an indexer that fails again and again gets every entry in the end', async () => {
  const { arrivals, indexer } = await ingest({ failAfter: 700 });
  expect(arrivals.size).toBe(ENTRIES);
  expect(indexer.stats().connections).toBeGreaterThan(2);
});

it('an indexer that is slow in every way gets every entry once', async () => {
  const { arrivals } = await ingest({ ackDelay: 50, readRate: 2_000_000, throttle: 50 });
  expect(arrivals.size).toBe(ENTRIES);
  expect([...arrivals.values()].every((times) => times === 1)).toBe(true);
});

it.each(Array.from({ length: 10 }, (_, version) => version))(
  'an indexer of version %i gets every entry of an ingester that is newer',
  async (apiVersion) => {
    const { arrivals, valued, indexer } = await ingest({ apiVersion });
    expect(arrivals.size).toBe(ENTRIES);
    expect(valued).toBe(apiVersion < MinimumVersion.enumeratedValues ? 0 : ENTRIES / 10);
    expect(indexer.stats().connections).toBe(1);
  },
);
