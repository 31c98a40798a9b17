import { setImmediate as turn } from 'node:timers/promises';
import type { EntryInput, IngestMuxer } from '@ringest/core';
import { beforeEach, describe, expect, it } from 'vitest';
import type { Arrival } from '../../support/arrivals.js';
import { closeAtOnce, rollQuickly } from '../../support/cache-time.js';
import {
  CLOSE_MS,
  cacheStats,
  compareArrivals,
  segmentsIn,
  until,
  untilEmpty,
  unusedAddress,
} from '../../support/caching.js';
import { newMuxer, SMALL_RING } from '../../support/muxer.js';
import { Random } from '../../support/random.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { WRITE_PATHS, writeBy } from '../../support/write-paths.mjs';

type CacheInput = NonNullable<Parameters<typeof newMuxer>[0]['cache']>;

beforeEach(rollQuickly);

const STEPS = 30;
const MAX_BYTES = 8 * 2 ** 20;

/** One muxer after the other on the same folder, and indexers that come and go. */
class World {
  readonly written: EntryInput[] = [];
  readonly #random: Random;
  readonly #cache: CacheInput;
  readonly #places: readonly { readonly address: string; readonly listen: string }[];
  readonly #up = new Map<string, RecordingIndexer>();
  readonly #received: (readonly Arrival[])[] = [];
  readonly #waits: Promise<void>[] = [];
  /** By how many arrivals there may be more than entries. */
  #mayBeTwice = 0;
  #muxer: IngestMuxer;

  constructor(
    random: Random,
    cache: CacheInput,
    places: readonly { readonly address: string; readonly listen: string }[],
  ) {
    this.#random = random;
    this.#cache = cache;
    this.#places = places;
    this.#muxer = this.#start();
  }

  get received(): readonly Arrival[] {
    return this.#received.flat();
  }

  get mayBeTwice(): number {
    return this.#mayBeTwice;
  }

  async step(): Promise<void> {
    const random = this.#random;
    const dice = random.below(20);
    if (dice < 11) this.#write();
    else if (dice < 13) await this.#turnUp();
    else if (dice < 15) await this.#turnDown();
    else if (dice < 16) await this.#muxer.sync({ timeout: 50 }).catch(() => {});
    else if (dice < 17) await this.restart();
    else for (let turns = random.below(2000); turns > 0; turns--) await turn();
  }

  /** Ends the muxer, and begins another one with tags in another order. */
  async restart(): Promise<void> {
    const { unconfirmed, cached } = await this.#end(true);
    expect(cached, 'what close leaves').toBe(unconfirmed);
    this.#muxer = this.#start();
  }

  /** Has everything arrive. */
  async finish(): Promise<void> {
    while (this.#up.size < this.#places.length) await this.#turnUp(0);
    await Promise.all(this.#waits);
    await this.#muxer.waitForHot();
    await until('that it is open', () => cacheStats(this.#muxer).isOpen);
    await untilEmpty(this.#muxer);
    await this.#muxer.sync();
    expect(cacheStats(this.#muxer)).toMatchObject({
      pendingEntries: 0,
      droppedEntries: 0,
      damagedEntries: 0,
      trouble: undefined,
    });
    expect(await this.#end()).toEqual({ unconfirmed: 0, cached: 0 });
  }

  async #end(isAtOnce = false) {
    const report = await (isAtOnce ? closeAtOnce(this.#muxer) : this.#muxer.close());
    const { resentEntries, sentEntries, confirmedEntries } = this.#muxer.stats();
    // What was sent and not confirmed is sent again by the next one.
    this.#mayBeTwice += resentEntries + (sentEntries - confirmedEntries);
    return report;
  }

  #start(): IngestMuxer {
    const muxer = newMuxer({
      targets: this.#places.map(({ address }) => address),
      tags: this.#random.chance(0.5) ? ['test'] : ['other', 'test'],
      ringBytes: SMALL_RING,
      cache: this.#cache,
      backlogBytes: 2 ** 30,
      closeTimeout: CLOSE_MS,
    });
    muxer.start();
    return muxer;
  }

  #write(): void {
    const random = this.#random;
    const tag = this.#muxer.getTag('test');
    const count = 1 + random.below(random.pick([3, 50, 400]));
    const most = random.pick([100, 1000, 3000]);
    const entries = Array.from({ length: count }, (_, i) => {
      const bytes = random.chance(0.002) ? 70_000 + random.below(200_000) : random.below(most);
      const text = `entry ${this.written.length + i} `;
      return { timestamp: i, tag, data: Buffer.alloc(Math.max(bytes, text.length), text) };
    });
    this.written.push(...entries);
    this.#keep(writeBy(random.pick(WRITE_PATHS), this.#muxer, entries));
  }

  #keep(wait: Promise<void> | undefined): void {
    if (wait !== undefined && this.#waits.at(-1) !== wait) this.#waits.push(wait);
  }

  async #turnUp(ackDelay = this.#random.pick([0, 5, 30])): Promise<void> {
    const place = this.#places.find(({ listen }) => !this.#up.has(listen));
    if (place === undefined) return;
    const { listen } = place;
    // Their tags are numbered in the order of the names: it is the data that counts.
    const recording = await RecordingIndexer.start({ listen, ackDelay, tags: ['test', 'test'] });
    this.#up.set(listen, recording);
    this.#received.push(recording.received);
  }

  async #turnDown(): Promise<void> {
    const [first] = this.#up;
    if (first === undefined) return;
    const [listen, recording] = first;
    this.#up.delete(listen);
    await recording.indexer.close();
  }
}

const CASES = [
  { mode: 'fail', indexers: 1, seed: 11, everyMs: 10 },
  { mode: 'always', indexers: 2, seed: 12, everyMs: 200 },
  { mode: 'journal', indexers: 1, seed: 714, everyMs: 1 },
] as const;

describe('a muxer with a cache', () => {
  it.each(CASES)(
    'loses and alters nothing, whatever comes: $mode, $indexers indexers, seed $seed',
    async ({ mode, indexers, seed, everyMs }) => {
      const random = new Random(seed);
      const places = [];
      for (let i = 0; i < indexers; i++) places.push(await unusedAddress());
      const path = temporaryDirectory();
      const cache = { path, mode, maxBytes: MAX_BYTES, sync: { everyMs } };
      const world = new World(random, cache, places);
      for (let i = 0; i < STEPS; i++) await world.step();
      await world.finish();
      const written = world.written.map((entry) => ({ ...entry, tag: 0 }));
      const { lost, extra } = compareArrivals(world.received, written);
      expect(lost.map((key) => key.slice(0, 60))).toEqual([]);
      const known = new Set(compareArrivals([], written).lost);
      expect(extra.filter((key) => !known.has(key)).map((key) => key.slice(0, 60))).toEqual([]);
      expect(extra.length).toBeLessThanOrEqual(world.mayBeTwice);
      expect(segmentsIn(path)).toEqual([]);
    },
    60_000,
  );
});
