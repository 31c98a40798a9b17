import { confidenceOfEach, leastPairs } from '../shared/paired.js';

/** The confidence of all intervals of the last rung together. */
export const CONFIDENCE = 0.95;

/** One step of successive halving. */
export interface Rung {
  /** How many candidates are in it, beside the default. */
  readonly challengers: number;
  /** How often each of them has a round. */
  readonly passes: number;
  /** How often at least, also when the time is up. */
  readonly leastPasses: number;
}

/** So many are left to be compared with the default in the last rung. */
const FINALISTS = 3;
/** Passes of the last rung: enough for an interval, and some for noise. */
const FINAL_PASSES = 10;
/** When there is time, all passes may be so many times as many. */
const MOST_TIMES = 4;

/**
 * Divides the time: each rung has half the candidates of the one before and twice the passes, down
 * to a last one, in which a difference to the default can be shown.
 * @param most how many candidates there are beside the default, at least 1
 * @param rounds how many rounds there is time for
 * @returns rungs that have as many candidates as the time allows, and then as many passes
 */
export function planRungs(most: number, rounds: number): Rung[] {
  let challengers = Math.min(most, FINALISTS);
  while (challengers < most && countRounds(rungsOf(challengers + 1)) <= rounds) challengers++;
  const rungs = rungsOf(challengers);
  const times = Math.min(Math.max(Math.floor(rounds / countRounds(rungs)), 1), MOST_TIMES);
  return rungs.map((rung) => ({ ...rung, passes: rung.passes * times }));
}

/** How many rounds rungs have. */
export function countRounds(rungs: readonly Rung[]): number {
  return rungs.reduce((sum, { challengers, passes }) => sum + (challengers + 1) * passes, 0);
}

function rungsOf(challengers: number): Rung[] {
  const rungs: Rung[] = [];
  let left = challengers;
  for (; left > FINALISTS; left = Math.ceil(left / 2)) {
    rungs.push({ challengers: left, passes: 2 ** rungs.length, leastPasses: 1 });
  }
  const leastPasses = leastPairs(confidenceOfEach(left, CONFIDENCE));
  return [...rungs, { challengers: left, passes: FINAL_PASSES, leastPasses }];
}
