import { describe, expect, it } from 'vitest';
import { scaled, soak } from '../support/scale.js';
import { type CacheChoice, CHOICES, idleLife, MIN_BYTES, randomLife } from './plan.js';
import { Round } from './round.js';
import { playRounds, ROUNDS_TIMEOUT_MS } from './seeds.js';

interface Row {
  readonly name: string;
  /** One of them for each life. */
  readonly choices: readonly CacheChoice[];
}

const EACH: readonly Row[] = CHOICES.map((choice) => ({
  name: `${choice.mode}, ${syncName(choice)}`,
  choices: [choice],
}));
const MIXED: Row = { name: 'another one in every life', choices: CHOICES };
/** In the suite, the mode and the way to sync change from life to life only. */
const ROWS = [...scaled([], EACH), MIXED];
/** In each row, in the suite. */
const LIVES = 5;
/** A fifth of all kills is for other tests. */
const SHARE = 0.8 / ROWS.length;

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
      await playRounds(LIVES, SHARE, async (lives, random, seed) => {
        const round = await Round.begin();
        for (let life = 1; life <= lives; life++) {
          await round.live(randomLife(random, random.pick(choices), life, round));
        }
        const maxBytes = random.chance(0.5) ? MIN_BYTES : undefined;
        const last = idleLife(random.pick(choices), lives + 1, round, maxBytes);
        const counts = await round.drain(last);
        if (soak.isOn) console.log(JSON.stringify({ mode: name, seed, ...counts }));
        expect(counts.lives).toBe(lives);
        return lives;
      });
    },
    ROUNDS_TIMEOUT_MS,
  );
});
