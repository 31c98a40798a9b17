import { median } from '../shared/median.js';
import { comparePairs, confidenceOfEach, leastPairs, type Pair } from '../shared/paired.js';
import type { GuardRound } from './guard-rounds.js';

/** The confidence of all intervals together. */
export const CONFIDENCE = 0.95;

/** `unknown`: the rounds are too few to tell. */
export type Change = 'slower' | 'faster' | 'same' | 'unknown';

/** Something that both checkouts have, and how fast it was in each. */
export interface GuardRow {
  readonly name: string;
  /** Medians, entries a second. */
  readonly here: number;
  readonly there: number;
  /** How many times as fast it is here. */
  readonly ratio: number;
  /** Confidence interval of the ratio; `null`: the rounds are too few to have one. */
  readonly low: number | null;
  readonly high: number | null;
  /** Beyond noise, or `same`. */
  readonly change: Change;
}

/** How two checkouts compare. */
export interface GuardVerdict {
  readonly rows: readonly GuardRow[];
  /** What only one of them can measure. */
  readonly onlyHere: readonly string[];
  readonly onlyThere: readonly string[];
  /** Rounds that it takes to tell any difference from noise. */
  readonly leastRounds: number;
  /**
   * By what share a row has to fall to be beyond its noise: the median of all rows. A busy machine has
   * much of it. `null`: the rounds are too few to have any.
   */
  readonly noise: number | null;
}

/** @param rounds at least one */
export function compareRounds(rounds: readonly GuardRound[]): GuardVerdict {
  const here = namesOf(rounds, 'here');
  const there = namesOf(rounds, 'there');
  const both = here.filter((name) => there.includes(name));
  const confidence = confidenceOfEach(Math.max(both.length, 1), CONFIDENCE);
  const rows = both.map((name) => compareOne(name, rounds, confidence));
  const falls = rows.flatMap(({ ratio, low }) => (low === null ? [] : 1 - low / ratio));
  return {
    rows,
    onlyHere: here.filter((name) => !there.includes(name)),
    onlyThere: there.filter((name) => !here.includes(name)),
    leastRounds: leastPairs(confidence),
    noise: falls.length === 0 ? null : median(falls),
  };
}

function compareOne(name: string, rounds: readonly GuardRound[], confidence: number): GuardRow {
  const pairs = rounds.flatMap(({ here, there }): Pair[] => {
    const [first, second] = [here.get(name), there.get(name)];
    return first === undefined || second === undefined ? [] : [[first, second]];
  });
  const { ratio, interval } = comparePairs(pairs, confidence);
  return {
    name,
    here: median(pairs.map(([first]) => first)),
    there: median(pairs.map(([, second]) => second)),
    ratio,
    low: interval?.low ?? null,
    high: interval?.high ?? null,
    change: changeOf(interval),
  };
}

function changeOf(interval: { readonly low: number; readonly high: number } | undefined): Change {
  if (interval === undefined) return 'unknown';
  if (interval.high < 1) return 'slower';
  return interval.low > 1 ? 'faster' : 'same';
}

/** What was measured in all rounds, in its order. */
function namesOf(rounds: readonly GuardRound[], side: keyof GuardRound): string[] {
  const [first, ...rest] = rounds.map((round) => [...round[side].keys()]);
  return (first ?? []).filter((name) => rest.every((names) => names.includes(name)));
}
