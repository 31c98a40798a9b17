import { CACHE_MODES, type CacheMode } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { SMALL_RING } from '../support/muxer.js';
import { scaled } from '../support/scale.js';
import { DOWN, FAST, type IngesterPlan, idleLife, MIN_BYTES, UP } from './plan.js';
import { Round } from './round.js';

/** Enough for the disk, too. */
const CLOSE_MS = 4000;
const PATIENCE_MS = 120_000;

interface Case {
  readonly what: string;
  readonly mode: CacheMode;
  readonly targets: number;
  readonly entries: number;
}

const FEW = { what: 'a few entries', targets: 1, entries: 30 };
const MANY = { what: 'more entries than rings have room for', targets: 2, entries: 2000 };
const CASES: readonly Case[] = CACHE_MODES.flatMap((mode) =>
  [FEW, MANY].map((amount) => ({ mode, ...amount })),
);
/** Of few entries, all are in memory only under `fail`. */
const SOME_CASES: readonly Case[] = [
  { mode: 'fail', ...FEW },
  { mode: 'journal', ...MANY },
];

/** The first life: it writes all of its entries. */
function writing({ mode, targets, entries }: Omit<Case, 'what'>, round: Round): IngesterPlan {
  return {
    ...idleLife({ mode, sync: { everyMs: 10 } }, 1, round),
    seed: entries,
    targets: round.targets.slice(0, targets),
    tags: ['alpha', 'beta', 'gamma'],
    lateTags: [{ name: 'delta', at: 10 }],
    ringBytes: SMALL_RING,
    writes: { ...FAST, entries },
  };
}

describe('close', () => {
  it.each(scaled(SOME_CASES, CASES))(
    'leaves $what to the next start, exactly once: $mode, $targets indexers that are down',
    async (one) => {
      const { entries, mode } = one;
      const round = await Round.begin();
      const report = await round.live({
        plan: { ...writing(one, round), closeTimeout: CLOSE_MS },
        weathers: [DOWN, DOWN],
        death: { since: 'stored', afterMs: 0, closing: 'in peace' },
      });
      expect(report).toMatchObject({ unconfirmed: entries, cached: entries });
      expect(round.stored.copies.size).toBe(entries);
      expect(round.stored.entries, 'one copy of each').toBe(entries);

      const next = idleLife({ mode, sync: { everyMs: 10 } }, 2, round);
      const counts = await round.drain(next);
      expect(counts).toMatchObject({ arrived: entries, duplicates: 0, lostInMemory: 0 });
    },
    PATIENCE_MS,
  );

  it.each(scaled(SOME_CASES, CASES))(
    'leaves nothing of $what that are confirmed: $mode, $targets indexers',
    async (one) => {
      const { entries } = one;
      const round = await Round.begin();
      const report = await round.live({
        plan: writing(one, round),
        weathers: [UP, UP],
        death: { since: 'stored', afterMs: 0, closing: 'in peace' },
      });
      expect(report).toMatchObject({ unconfirmed: 0, cached: 0 });
      expect(round.stored.segments).toEqual([]);
      expect(round.account.arrivals.size).toBe(entries);
      expect(round.account.duplicates).toBe(0);
    },
    PATIENCE_MS,
  );

  it.each(scaled<readonly CacheMode[]>(['journal'], CACHE_MODES))(
    'leaves all to the next start, exactly once, though the cache is full: %s',
    async (mode) => {
      const round = await Round.begin();
      const plan = writing({ mode, targets: 1, entries: 4000 }, round);
      const report = await round.live({
        plan: {
          ...plan,
          closeTimeout: CLOSE_MS,
          cache: { ...plan.cache, maxBytes: MIN_BYTES },
        },
        weathers: [DOWN],
        death: { since: 'full', afterMs: 100, closing: 'in peace' },
      });
      const { unconfirmed = 0, cached } = report ?? {};
      expect(unconfirmed).toBeGreaterThan(0);
      expect(cached).toBe(unconfirmed);

      const next = idleLife({ mode, sync: { everyMs: 10 } }, 2, round);
      const counts = await round.drain(next);
      expect(counts).toMatchObject({ arrived: unconfirmed, duplicates: 0, lostInMemory: 0 });
    },
    PATIENCE_MS,
  );
});
