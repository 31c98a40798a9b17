import { SeededRandom } from '../shared/random.js';

/**
 * What is done to an indexer. `kill`: its process is killed without warning, and another one takes its
 * place. `stop`: its process stands still. `slow`: its confirmations leave later. `throttle`: it reads
 * only so many bytes a second.
 */
export const FAULTS = ['kill', 'stop', 'slow', 'throttle'] as const;

export type Fault = (typeof FAULTS)[number];

/** A fault of a plan. */
export interface PlannedFault {
  /** When it comes, in milliseconds from the start. */
  readonly atMs: number;
  /** Which indexer it comes to, from 0 on. */
  readonly indexer: number;
  readonly fault: Fault;
  /** How long it lasts. */
  readonly forMs: number;
  /** `slow`: milliseconds; `throttle`: bytes a second; otherwise 0. */
  readonly amount: number;
}

type Range = readonly [least: number, most: number];

const BETWEEN_MS: Range = [150, 900];
const LASTING_MS: Readonly<Record<Fault, Range>> = {
  kill: [100, 1500],
  stop: [100, 2000],
  slow: [500, 2000],
  throttle: [500, 2000],
};
const AMOUNTS: Readonly<Record<Fault, Range>> = {
  kill: [0, 0],
  stop: [0, 0],
  slow: [20, 200],
  throttle: [1e6, 20e6],
};

/** An indexer that had a fault is left alone for so long. */
const REST_MS = 500;

/**
 * Faults without end, which follow from the seed: every four of them are one of each kind. No indexer
 * has two at a time, and one of them has none.
 * @param indexers how many there are, 2 or more
 */
export function* planFaults(seed: number, indexers: number): Generator<PlannedFault, never> {
  const random = new SeededRandom(seed);
  const between = ([least, most]: Range) => least + random.uniform() * (most - least);
  const freeAt = Array.from({ length: indexers }, () => 0);
  let atMs = 0;
  let kinds: Fault[] = [];
  for (;;) {
    if (kinds.length === 0) kinds = [...FAULTS];
    const [fault = 'kill'] = kinds.splice(Math.floor(random.uniform() * kinds.length), 1);
    // From when on a second indexer is free beside the one that it comes to.
    const [, second = 0] = freeAt.toSorted((a, b) => a - b);
    atMs = Math.max(atMs + between(BETWEEN_MS), second);
    const free = freeAt.flatMap((from, i) => (from <= atMs ? [i] : []));
    const indexer = free[Math.floor(random.uniform() * free.length)] ?? 0;
    const forMs = between(LASTING_MS[fault]);
    freeAt[indexer] = atMs + forMs + REST_MS;
    yield { atMs, indexer, fault, forMs, amount: between(AMOUNTS[fault]) };
  }
}
