import { FLEET_CASES, type FleetCase, runFleetCase } from '@ringest/bench/internal';
import { describe, expect, it } from 'vitest';

/** Simulated time, by the product's own balancer: the same seed gives the same figures on every machine. */
const SEED = 1;
const CASES = Object.keys(FLEET_CASES) as FleetCase[];
/** See `FleetSpan.herd`: where none does what others do it is about 1, and as many as there are ingesters where all do. */
const HERD_SHARE = 0.15;
const HERD_LEAST = 2.5;

describe.each([
  { ingesters: 10, indexers: 10, cases: CASES },
  { ingesters: 100, indexers: 8, cases: CASES },
  // Each of these takes minutes, and a hundred thousand connections take a gigabyte.
  { ingesters: 10, indexers: 1000, cases: ['slow', 'restart'] as const },
  { ingesters: 100, indexers: 1000, cases: ['slow'] as const },
])('$ingesters ingesters and $indexers indexers', ({ ingesters, indexers, cases }) => {
  it.each(cases)('are no herd: %s', (name) => {
    const row = runFleetCase(name, { ingesters, indexers }, SEED);
    const herd = Math.max(HERD_LEAST, HERD_SHARE * ingesters);
    expect(row.calm.herd).toBeLessThan(herd);
    expect(row.during?.herd ?? 0).toBeLessThan(herd);
    // At no time, most of them dial one within the same tenth of a second. Of ten, that may be so by chance.
    if (ingesters > 10) expect(row.mostDials).toBeLessThan(0.7 * ingesters);
    // What was away or slow gets its share again; where all were away, one gets what waited for all.
    expect(row.evenAfterMs).toBeDefined();
    if (name !== 'all') expect(row.greatestAfter).toBeLessThan(1.25);
  });
});
