import type { CacheMode, SyncPolicy } from '@ringest/core';
import { SMALL_RING } from '../support/muxer.js';
import type { Random } from '../support/random.js';
import { WRITE_PATHS, type WritePath } from '../support/write-paths.mjs';

/** How a cache is kept, as far as promises depend on it. */
export interface CacheChoice {
  readonly mode: CacheMode;
  readonly sync: SyncPolicy;
}

/** How an ingester writes. */
export interface Writes {
  readonly path: WritePath;
  /** All that it writes. */
  readonly entries: number;
  /** Once so many bytes are written it goes on slowly. */
  readonly fastBytes: number;
  /** Writes in a turn of the event loop. */
  readonly perTurn: number;
  /** Between two turns. */
  readonly pauseMs: number;
  /** Entries in each write; 0: single entries. */
  readonly batch: number;
  /** Whether it waits for each write; otherwise it stops only when the muxer says so. */
  readonly awaitsEach: boolean;
}

/** What an ingester's process is told; see `ingester.mjs`. */
export interface IngesterPlan {
  /** Which life of the ingester it is. */
  readonly life: number;
  readonly seed: number;
  readonly targets: readonly string[];
  readonly tags: readonly string[];
  /** Tags that it learns before it writes the entry of that number. */
  readonly lateTags: readonly { readonly name: string; readonly at: number }[];
  readonly ringBytes?: number;
  readonly closeTimeout: number;
  readonly cache: CacheChoice & { readonly path: string; readonly maxBytes?: number };
  /** `undefined`: it writes nothing. */
  readonly writes?: Writes;
}

/** What one of the indexers does meanwhile. */
export interface Weather {
  /** In the beginning. */
  readonly isUp: boolean;
  /** By how many milliseconds it confirms late. */
  readonly ackDelay: number;
  /** Bytes that it reads in a second; 0: all that come. */
  readonly readRate: number;
  /** When it goes or comes, in milliseconds since the ingester had its cache. */
  readonly turns: readonly number[];
}

/** When the process is killed, or closes. */
export interface Death {
  /**
   * From when on the time counts: from its beginning, from when it has its cache, from its first
   * connection, from when something is confirmed or on the disk, from when its cache is full, or from
   * when it has written all and nothing is on its way to the disk.
   */
  readonly since: 'spawn' | 'started' | 'hot' | 'busy' | 'full' | 'stored';
  /** Entries that must have arrived in this life, too, before the time counts. */
  readonly arrivals?: number;
  readonly afterMs: number;
  /** It is told to close then, and killed so much later, or never; `undefined`: killed at once. */
  readonly closing?: number | 'in peace';
}

export interface Life {
  readonly plan: IngesterPlan;
  /** For each target. */
  readonly weathers: readonly Weather[];
  readonly death: Death;
}

export const DOWN: Weather = { isUp: false, ackDelay: 0, readRate: 0, turns: [] };
export const UP: Weather = { ...DOWN, isUp: true };

/** What the lives of a round have in common. */
export interface Surroundings {
  readonly path: string;
  readonly targets: readonly string[];
}

export const CHOICES: readonly CacheChoice[] = [
  { mode: 'fail', sync: { everyMs: 10 } },
  { mode: 'always', sync: { everyMs: 10 } },
  { mode: 'journal', sync: { everyMs: 10 } },
  { mode: 'journal', sync: 'always' },
  { mode: 'journal', sync: 'never' },
];

/** Mostly in the midst of life. */
const DEATHS: readonly Death['since'][] = [
  'spawn',
  ...Array.from({ length: 2 }, () => 'started' as const),
  ...Array.from({ length: 7 }, () => 'busy' as const),
];
const NAMES = ['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta'];

/** The smallest cache there is. */
export const MIN_BYTES = 2 ** 20;

/** As much as an ingester ever wants to write. */
const NO_END = 2 ** 24;

/** As fast as the muxer lets it. */
export const FAST = {
  path: 'writeEntry',
  fastBytes: Number.MAX_SAFE_INTEGER,
  perTurn: 50,
  pauseMs: 0,
  batch: 0,
  awaitsEach: false,
} as const;

/** A life that is like no other. */
export function randomLife(
  random: Random,
  choice: CacheChoice,
  number: number,
  { path, targets }: Surroundings,
): Life {
  const names = shuffled(random, [...NAMES, `only-in-${number}`]);
  const first = 1 + random.below(3);
  const late = names.slice(first, first + random.below(3));
  const used = targets.slice(0, 1 + random.below(targets.length));
  const weathers = used.map(() => randomWeather(random));
  // What fits into large rings does not go to the disk, and without an indexer nowhere.
  const isLarge = random.chance(0.5) && weathers.some(({ isUp, turns }) => isUp && !turns.length);
  const plan: IngesterPlan = {
    life: number,
    seed: random.below(2 ** 31),
    targets: used,
    tags: names.slice(0, first),
    lateTags: late.map((name, i) => ({ name, at: 100 * i + random.below(300) })),
    ...(!isLarge && { ringBytes: SMALL_RING }),
    closeTimeout: random.pick([20, 500]),
    cache: { path, ...choice, ...(random.chance(0.4) && { maxBytes: MIN_BYTES }) },
    writes: {
      path: WRITE_PATHS[number % WRITE_PATHS.length] ?? 'writeEntry',
      entries: NO_END,
      fastBytes: random.pick([300_000, 2_000_000, 4_000_000]),
      perTurn: 1 + random.below(40),
      pauseMs: random.below(4),
      batch: random.chance(0.5) ? 0 : 2 + random.below(60),
      awaitsEach: random.chance(0.3),
    },
  };
  return { plan, weathers, death: randomDeath(random) };
}

/**
 * A life that has nothing to write. Of the tags in the cache it knows none.
 * @param maxBytes of its cache: there may be more than that in it already
 */
export function idleLife(
  choice: CacheChoice,
  number: number,
  { path, targets }: Surroundings,
  maxBytes = 2 ** 30,
): IngesterPlan {
  const tags = [`only-in-${number}`];
  const cache = { path, ...choice, maxBytes };
  return { life: number, seed: 0, targets, tags, lateTags: [], closeTimeout: 10_000, cache };
}

function randomWeather(random: Random): Weather {
  const ackDelay = random.chance(0.3) ? 50 + random.below(800) : 0;
  const readRate = random.chance(0.3) ? 10_000 + random.below(200_000) : 0;
  const turns = random.chance(0.5) ? [] : [random.below(1000)];
  if (turns.length > 0 && random.chance(0.3)) turns.push(1000 + random.below(300));
  return { isUp: random.chance(0.5), ackDelay, readRate, turns };
}

function randomDeath(random: Random): Death {
  const since = random.pick(DEATHS);
  const afterMs = random.below(700);
  return { since, afterMs, ...(random.chance(0.15) && { closing: random.below(400) }) };
}

function shuffled<Value>(random: Random, values: Value[]): Value[] {
  const rest = [...values];
  return values.map(() => rest.splice(random.below(rest.length), 1)[0] as Value);
}
