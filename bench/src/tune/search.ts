import { type Comparison, comparePairs, type Pair } from '../shared/paired.js';
import type { SeededRandom } from '../shared/random.js';
import type { Candidate } from './configurations.js';
import type { Rung } from './plan.js';

/** Where a round stands. */
export interface Place {
  readonly candidate: string;
  readonly rung: number;
  /** The pass over all candidates of the rung. */
  readonly round: number;
}

/** A round, and how good it was: more is better. */
export interface Scored extends Place {
  readonly score: number;
}

export interface Search {
  /** What the others are compared with, in each pass. */
  readonly base: Candidate;
  /** At least as many as the first rung has. */
  readonly challengers: readonly Candidate[];
  readonly rungs: readonly Rung[];
  readonly random: SeededRandom;
  /** Runs a round. Returns how good it was: more is better, and it is over 0. */
  measure(candidate: Candidate, place: Place): Promise<number>;
  /** Called before each pass that need not be. `false` ends the rung. */
  hasTime(rung: number): boolean;
}

/** What a search ends with. */
export interface Found {
  readonly rounds: readonly Scored[];
  /** Those that were compared with the default in the last rung, the best first. */
  readonly finalists: readonly Candidate[];
}

/**
 * Finds the best candidates by successive halving: all of a rung have as many rounds, and the better
 * half of them goes on to the next, which has more. Each pass has one round of each candidate and of
 * the default, in an order of its own, so that what else the machine does slows them alike; what is
 * compared is the ratio to the default in the same pass.
 */
export async function search(options: Search): Promise<Found> {
  const { base, rungs, random, measure, hasTime } = options;
  const rounds: Scored[] = [];
  let members = options.challengers;
  for (const [rung, { challengers, passes, leastPasses }] of rungs.entries()) {
    members = ranked(members, rounds, base).slice(0, challengers);
    for (let round = 0; round < passes; round++) {
      if (round >= leastPasses && !hasTime(rung)) break;
      for (const candidate of shuffle([base, ...members], random)) {
        const place = { candidate: candidate.name, rung, round };
        rounds.push({ ...place, score: await measure(candidate, place) });
      }
    }
  }
  const last = rounds.filter(({ rung }) => rung === rungs.length - 1);
  return { rounds, finalists: ranked(members, last, base) };
}

/** The score of a candidate beside that of another in the same pass, for each pass that had both. */
export function pairsOf(rounds: readonly Scored[], candidate: string, other: string): Pair[] {
  const key = ({ rung, round }: Place) => `${rung}.${round}`;
  const others = new Map(
    rounds.filter((one) => one.candidate === other).map((one) => [key(one), one.score]),
  );
  return rounds.flatMap((one): Pair[] => {
    const score = others.get(key(one));
    return one.candidate === candidate && score !== undefined ? [[one.score, score]] : [];
  });
}

/** How a candidate compares with the default in these rounds. */
export function compareWith(
  rounds: readonly Scored[],
  candidate: string,
  base: string,
  confidence: number,
): Comparison {
  return comparePairs(pairsOf(rounds, candidate, base), confidence);
}

/** The best first; as they come before there is any round. */
function ranked(
  members: readonly Candidate[],
  rounds: readonly Scored[],
  base: Candidate,
): readonly Candidate[] {
  if (rounds.length === 0) return members;
  const ratio = ({ name }: Candidate) => compareWith(rounds, name, base.name, 0.5).ratio;
  return members
    .map((member) => ({ member, ratio: ratio(member) }))
    .sort((a, b) => b.ratio - a.ratio)
    .map(({ member }) => member);
}

/** The same in a random order. */
export function shuffle<Item>(items: readonly Item[], random: SeededRandom): Item[] {
  return items
    .map((item) => ({ item, key: random.uniform() }))
    .sort((a, b) => a.key - b.key)
    .map(({ item }) => item);
}
