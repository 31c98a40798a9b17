import { randomInt } from 'node:crypto';
import { onTestFailed } from 'vitest';
import { Random } from '../cache/random.js';

const { KILLS = '50', SEED = `${randomInt(2 ** 31)}` } = process.env;

/** All tests of this folder together kill so many ingesters, or a few more. */
export const ALL_KILLS = Number(KILLS);

/**
 * The random numbers of the n-th round of a test. When the test fails, the seed is printed that has
 * its first round be like the one that failed: the same plans, though not killed at the same instants.
 */
export function roundRandom(round: number): { readonly random: Random; readonly seed: number } {
  const seed = (Number(SEED) + round) % 2 ** 31;
  if (round === 0) onTestFailed(() => console.error(`to have that round first: SEED=${last}`));
  last = seed;
  return { random: new Random(seed), seed };
}

/** Tests of a file run one after the other. */
let last = 0;
