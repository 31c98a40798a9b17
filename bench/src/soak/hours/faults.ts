import { SeededRandom } from '../../shared/random.js';

/** What is done to a place, and what it means. */
export const FAULTS = {
  kill: 'its process was killed (SIGKILL), and started again',
  stop: 'its process stood still (SIGSTOP)',
  slow: 'it confirmed later',
  throttle: 'it read slowly',
  pause: 'it sent THROTTLE, which stops ingesters for a while',
  reset: 'it broke off connections in the middle of entries',
  refuse: 'it refused a tag',
  outage: 'all indexers were gone at once: killed, or standing still',
  fill: 'the disk of its cache was full',
  rotate: 'its log file was rotated',
  reconnect: 'its sender closed its connection, and made another one',
  crash: 'its NATS server was killed (SIGKILL), and started again',
} as const;

export type Fault = keyof typeof FAULTS;

/** Where faults can come to. */
export interface Place {
  readonly name: string;
  readonly faults: readonly Fault[];
  /** One of those that may not all have a fault at a time: an indexer. */
  readonly isNeeded: boolean;
}

/** A process that a fault came to. */
export interface Struck {
  readonly name: string;
  readonly isKilled: boolean;
}

/** A fault of a plan. */
export interface PlannedFault {
  /** When it comes, in milliseconds from the start. */
  readonly atMs: number;
  /** The name of the place; of an outage, that of all indexers. */
  readonly place: string;
  readonly fault: Fault;
  /** How long it lasts, in milliseconds. */
  readonly forMs: number;
  /** From 0 up to, but not including, 1: how bad it is, or which one of several. */
  readonly amount: number;
}

/** The name of all indexers together. */
export const ALL_INDEXERS = 'all indexers';

type Range = readonly [least: number, most: number];

/** How long each lasts, in milliseconds. */
const LASTING_MS: Readonly<Record<Fault, Range>> = {
  kill: [100, 2000],
  stop: [100, 3000],
  slow: [500, 4000],
  throttle: [500, 4000],
  pause: [1000, 4000],
  reset: [500, 3000],
  refuse: [1000, 4000],
  outage: [500, 6000],
  fill: [1000, 6000],
  rotate: [0, 0],
  reconnect: [0, 0],
  crash: [100, 3000],
};

/** A place that had a fault is left alone for so long: a process may have to start. */
const REST_MS = 1500;

/**
 * Faults without end, which follow from the seed: as long as nothing else can be, all kinds come equally often.
 * No place has two at a time. Of the places that are needed, one has none but in an outage, and only one refuses
 * tags at a time.
 * @param gapMs between two faults, in milliseconds
 */
export function* planSoakFaults(
  seed: number,
  places: readonly Place[],
  gapMs: Range,
): Generator<PlannedFault, never> {
  const random = new SeededRandom(seed);
  const between = ([least, most]: Range) => least + random.uniform() * (most - least);
  const pick = <Value>(values: readonly Value[]) =>
    values[Math.floor(random.uniform() * values.length)];
  const freeAt = new Map(places.map(({ name }) => [name, 0]));
  const needed = places.filter(({ isNeeded }) => isNeeded).map(({ name }) => name);
  const all = [...new Set(places.flatMap(({ faults }) => faults)), 'outage' as const];
  const freeFrom = (name: string) => freeAt.get(name) ?? 0;
  let refusedUntil = 0;
  let kinds: Fault[] = [];
  let atMs = 0;
  for (;;) {
    if (kinds.length === 0) kinds = [...all];
    const fault = kinds.splice(Math.floor(random.uniform() * kinds.length), 1)[0] ?? 'outage';
    atMs += between(gapMs);
    const forMs = between(LASTING_MS[fault]);
    const amount = random.uniform();
    if (fault === 'outage') {
      atMs = Math.max(atMs, ...needed.map(freeFrom));
      for (const name of needed) freeAt.set(name, atMs + forMs + REST_MS);
      yield { atMs, place: ALL_INDEXERS, fault, forMs, amount };
      continue;
    }
    const able = places.filter(({ faults }) => faults.includes(fault));
    atMs = Math.max(atMs, Math.min(...able.map(({ name }) => freeFrom(name))));
    // Among those that are needed, another one must be free when this one is taken.
    if (able.some(({ isNeeded }) => isNeeded)) {
      const [, second = 0] = needed.map(freeFrom).toSorted((a, b) => a - b);
      atMs = Math.max(atMs, second);
    }
    if (fault === 'refuse') atMs = Math.max(atMs, refusedUntil);
    const place = pick(able.filter(({ name }) => freeFrom(name) <= atMs))?.name ?? '';
    freeAt.set(place, atMs + forMs + REST_MS);
    if (fault === 'refuse') refusedUntil = atMs + forMs + REST_MS;
    yield { atMs, place, fault, forMs, amount };
  }
}
