import { runFleetCase } from '@ringest/bench/internal';
import { beforeAll, describe, expect, it } from 'vitest';

/** Ingesters that know nothing of each other, in simulated time: the same seed gives the same figures. */
const SIZE = { ingesters: 30, indexers: 8 };
const SEED = 1;

describe('many ingesters', () => {
  it('do the same in every run of a seed', () => {
    const run = () => runFleetCase('restart', { ingesters: 10, indexers: 4 }, SEED);
    expect(run()).toEqual(run());
  });

  describe('whose common indexer becomes slow', () => {
    let row: ReturnType<typeof runFleetCase>;
    beforeAll(() => {
      row = runFleetCase('slow', SIZE, SEED);
    });

    it('do not leave it and return to it in step', () => {
      // Without damping it is 6.7, and 30 if all did the same.
      expect(row.during?.herd).toBeLessThan(4);
    });

    it('do not write to it, together, far more than it can take', () => {
      // It can take 0.48 of an equal share; without damping it gets up to 0.77.
      expect(row.during?.greatest).toBeLessThan(0.65);
    });

    it('do not flood it once it is as fast as before', () => {
      expect(row.greatestAfter).toBeLessThan(1.15);
      expect(row.evenAfterMs).toBeDefined();
    });
  });

  it('do not all dial an indexer that restarts at the same time', () => {
    const row = runFleetCase('restart', SIZE, SEED);
    expect(row.mostDials).toBeLessThan(0.6 * SIZE.ingesters);
    expect(row.connectedAfterMs).toBeDefined();
    expect(row.greatestAfter).toBeLessThan(1.15);
  });
});
