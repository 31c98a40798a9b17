import { describe, expect, it } from 'vitest';
import { type CacheChoice, CHOICES, idleLife, LEAST_BYTES, randomLife } from './plan.js';
import { Round } from './round.js';
import { ALL_KILLS, roundRandom } from './seeds.js';

/** In one folder, until it must be empty. */
const MOST_LIVES = 10;
const LIFE_MS = 15_000;
const DRAIN_MS = 90_000;

interface Row {
  readonly name: string;
  /** One of them for each life. */
  readonly choices: readonly CacheChoice[];
}

const ROWS: readonly Row[] = [
  ...CHOICES.map((choice) => ({ name: `${choice.mode}, ${syncName(choice)}`, choices: [choice] })),
  { name: 'another one in every life', choices: CHOICES },
];
/** A fifth of all is for other tests. */
const LIVES = Math.ceil((0.8 * ALL_KILLS) / ROWS.length);

function syncName({ sync }: CacheChoice): string {
  return typeof sync === 'string' ? `sync ${sync}` : `sync every ${sync.everyMs} ms`;
}

/*
 * What is promised across a kill -9 is what `Round` says and checks after each life. Here every life
 * is another: see `randomLife`.
 */
describe('an ingester that is killed at random, again and again', () => {
  it.each(ROWS)(
    'loses nothing that its cache had, in the mode: $name',
    async ({ name, choices }) => {
      for (let lives = 0, number = 0; lives < LIVES; number++) {
        const { random, seed } = roundRandom(number);
        const round = await Round.begin();
        const end = Math.min(LIVES - lives, MOST_LIVES);
        for (let life = 1; life <= end; life++) {
          await round.live(randomLife(random, random.pick(choices), life, round));
        }
        const maxBytes = random.chance(0.5) ? LEAST_BYTES : undefined;
        const last = idleLife(random.pick(choices), end + 1, round, maxBytes);
        const counts = await round.drain(last);
        console.log(JSON.stringify({ mode: name, seed, ...counts }));
        expect(counts.lives).toBe(end);
        lives += end;
      }
    },
    LIVES * LIFE_MS + Math.ceil(LIVES / MOST_LIVES) * DRAIN_MS,
  );
});
