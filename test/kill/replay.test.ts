import { describe, expect, it } from 'vitest';
import { SMALL_RING } from '../support/muxer.js';
import { type CacheChoice, DOWN, FAST, idleLife, UP } from './plan.js';
import { Round } from './round.js';
import { ALL_KILLS, roundRandom } from './seeds.js';

const MODES = ['always', 'journal'] as const;
const MOST_LIVES = 10;
const LIVES = Math.max(3, Math.ceil((0.2 * ALL_KILLS) / MODES.length));
const LIFE_MS = 15_000;
const DRAIN_MS = 90_000;

/** About six megabytes: many times the ring. */
const ENTRIES = 5000;
/** They are in several segments, which are removed one after the other. */
const MAX_BYTES = 16 * 2 ** 20;

describe('an ingester that is killed while it replays its cache', () => {
  it.each(MODES)(
    'begins again, and loses nothing, in the mode: %s',
    async (mode) => {
      const choice: CacheChoice = { mode, sync: { everyMs: 10 } };
      for (let lives = 0, number = 0; lives < LIVES; number++) {
        const { random, seed } = roundRandom(number);
        const round = await Round.begin();
        const end = Math.min(LIVES - lives, MOST_LIVES);
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
        let inTheMiddle = 0;
        for (let life = 2; life <= end; life++) {
          // A small ring is filled again and again. A large one takes all at once, and is not read.
          const isSmall = random.chance(0.5);
          const slowness = isSmall ? { ackDelay: 10 + random.below(60) } : { readRate: 100_000 };
          await round.live({
            plan: { ...planOf(life), ...(isSmall && { ringBytes: SMALL_RING }) },
            weathers: [{ ...UP, ...slowness }],
            death: { since: 'hot', afterMs: random.below(500) },
          });
          if (round.account.recentArrivals > 0 && round.stored.entries > 0) inTheMiddle++;
        }
        const counts = await round.drain(idleLife(choice, end + 1, round));
        console.log(JSON.stringify({ replay: mode, seed, filled, inTheMiddle, ...counts }));
        expect(inTheMiddle).toBeGreaterThan(0);
        lives += end;
      }
    },
    LIVES * LIFE_MS + Math.ceil(LIVES / MOST_LIVES) * DRAIN_MS,
  );
});
