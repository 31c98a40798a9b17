import { median } from './median.js';

/** How two things compare that were measured in pairs, one beside the other. */
export interface Comparison {
  /** The ratio of the first to the second: the Hodges-Lehmann estimate. */
  readonly ratio: number;
  /** Its confidence interval; `undefined`: the pairs are too few to have one. */
  readonly interval: { readonly low: number; readonly high: number } | undefined;
}

/** A measurement of each, made one beside the other; both are more than 0. */
export type Pair = readonly [first: number, second: number];

/**
 * Compares two things by the ratios of their pairs, with the interval that belongs to the Wilcoxon
 * signed-rank test: it has 1 outside of it exactly where the test finds a difference. It assumes no
 * distribution of the noise but that it makes a ratio larger as often as smaller, so that one wild
 * pair among many changes little.
 * @param pairs at least one
 * @param confidence of the interval, between 0 and 1
 */
export function comparePairs(pairs: readonly Pair[], confidence: number): Comparison {
  const logs = pairs.map(([first, second]) => Math.log(first / second));
  const averages = walshAverages(logs);
  const ratio = Math.exp(median(averages));
  const rank = intervalRank(logs.length, 1 - confidence);
  if (rank === 0) return { ratio, interval: undefined };
  const low = averages[rank - 1] as number;
  const high = averages[averages.length - rank] as number;
  return { ratio, interval: { low: Math.exp(low), high: Math.exp(high) } };
}

/** The fewest pairs that have an interval of this confidence. */
export function leastPairs(confidence: number): number {
  // Of n pairs, all of them point one way by chance twice in 2^n.
  return Math.ceil(Math.log2(2 / (1 - confidence)) - 1e-9);
}

/** The confidence that each of several intervals must have so that all of them hold together. */
export function confidenceOfEach(intervals: number, together: number): number {
  return 1 - (1 - together) / intervals;
}

/** The averages of every two values, and of each with itself, in order. */
function walshAverages(values: readonly number[]): number[] {
  const averages = values.flatMap((a, i) => values.slice(i).map((b) => (a + b) / 2));
  return averages.sort((a, b) => a - b);
}

/**
 * Which average ends the interval, counted from either side from 1 on; 0: there is none. It follows
 * from the exact distribution of the sum of positive ranks, if every sign is a toss of a coin.
 */
function intervalRank(pairs: number, alpha: number): number {
  const most = (pairs * (pairs + 1)) / 2;
  /** How probable each sum is. */
  const sums = new Float64Array(most + 1);
  sums[0] = 1;
  for (let rank = 1; rank <= pairs; rank++) {
    for (let sum = most; sum >= 0; sum--) {
      const without = sums[sum] as number;
      const including = sum >= rank ? (sums[sum - rank] as number) : 0;
      sums[sum] = (without + including) / 2;
    }
  }
  let rank = 0;
  for (let tail = sums[0]; 2 * tail <= alpha * (1 + 1e-9); tail += sums[rank] as number) rank++;
  return rank;
}
