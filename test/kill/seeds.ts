import { Random } from '../support/random.js';
import { scaled, soak, tellSeed } from '../support/scale.js';

/**
 * Goes through lives of ingesters, round by round, until a test has had its share of them: a few in
 * the suite; in the long form as many as all tests of this folder need for a thousand kills, or as
 * its share of the time allows.
 *
 * @param share the part of all kills that is this test's.
 * @param play plays one round of at most {@link MAX_LIVES}, and returns the number of its lives.
 */
export async function playRounds(
  quickLives: number,
  share: number,
  play: (lives: number, random: Random, seed: number) => Promise<number>,
): Promise<void> {
  let seed = soak.seed;
  tellSeed(() => seed);
  const lives = scaled(quickLives, Math.ceil(share * LONG_KILLS));
  const end = performance.now() + share * soak.seconds * 1000;
  for (let done = 0; done < lives && (!soak.isOn || performance.now() < end); ) {
    done += await play(Math.min(lives - done, MAX_LIVES), new Random(seed), seed);
    seed = (seed + 1) % 2 ** 31;
  }
}

/** How long a test may take that plays rounds. */
export const ROUNDS_TIMEOUT_MS = scaled(120_000, 2 * soak.seconds * 1000 + 600_000);

/** What all tests of this folder together kill in the long form. */
const LONG_KILLS = 1000;
/** Lives of one round, after which its cache must be empty. */
const MAX_LIVES = 10;
