import type { CacheMode } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { SMALL_RING } from '../support/muxer.js';
import { scaled, soak } from '../support/scale.js';
import { type CacheChoice, DOWN, FAST, idleLife, UP } from './plan.js';
import { Round } from './round.js';
import { playRounds, ROUNDS_TIMEOUT_MS } from './seeds.js';

const MODES = ['always', 'journal'] as const;
/** Of each mode, in the suite: the first fills the cache. */
const LIVES = 3;
/** Of all kills. */
const SHARE = 0.2 / MODES.length;

/** Many times the ring. */
const ENTRIES = scaled(2000, 5000);
/** Of a life that is killed in the middle of them: there are more in its cache. */
const MAX_ARRIVALS = 100;
/** They are in several segments, which are removed one after the other. */
const MAX_BYTES = 16 * 2 ** 20;

describe('an ingester that is killed while it replays its cache', () => {
  it.each(scaled<readonly CacheMode[]>(['journal'], MODES))(
    'begins again, and loses nothing, in the mode: %s',
    async (mode) => {
      const choice: CacheChoice = { mode, sync: { everyMs: 10 } };
      await playRounds(LIVES, SHARE, async (lives, random, seed) => {
        const round = await Round.begin();
        const planOf = (life: number) => {
          const plan = idleLife(choice, life, round, MAX_BYTES);
          return { ...plan, targets: round.targets.slice(0, 1) };
        };
        await round.live({
          plan: {
            ...planOf(1),
            seed,
            ringBytes: SMALL_RING,
            writes: { ...FAST, entries: ENTRIES },
          },
          weathers: [DOWN],
          death: { since: 'stored', afterMs: 0 },
        });
        const filled = round.stored.entries;
        expect(filled).toBeGreaterThan(ENTRIES / 2);
        for (let life = 2; life <= lives && round.stored.entries > MAX_ARRIVALS; life++) {
          // A small ring is filled again and again. A large one takes all at once, and is not read.
          const isSmall = random.chance(0.5);
          const slowness = isSmall ? { ackDelay: 10 + random.below(60) } : { readRate: 100_000 };
          await round.live({
            plan: { ...planOf(life), ...(isSmall && { ringBytes: SMALL_RING }) },
            weathers: [{ ...UP, ...slowness }],
            death: { since: 'hot', arrivals: 1 + random.below(MAX_ARRIVALS), afterMs: 0 },
          });
          expect(round.account.recentArrivals).toBeGreaterThan(0);
        }
        const counts = await round.drain(idleLife(choice, lives + 1, round));
        if (soak.isOn) console.log(JSON.stringify({ replay: mode, seed, filled, ...counts }));
        return lives;
      });
    },
    ROUNDS_TIMEOUT_MS,
  );
});
