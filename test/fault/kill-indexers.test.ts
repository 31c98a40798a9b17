import type { Worker } from 'node:worker_threads';
import { SeededRandom } from '@ringest/bench/shared';
import { describe, expect, it, onTestFinished } from 'vitest';
import { wholeMuxer } from '../support/muxer.js';
import { scaled, soak, tellSeed } from '../support/scale.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { freePort, Victim } from '../support/victim.js';
import { account } from './account.js';
import { FaultEntries } from './entries.js';
import { Faults } from './faults.js';
import { writeFully } from './full-load.js';
import { Traffic } from './traffic.js';

/** To reach all indexers once more and have everything confirmed by them, on a slow machine. */
const RECOVERY_MS = 60_000;
const TIMES = { silence: 800, confirmation: 3000, handshake: 1500 };
/** Of each victim, in the suite. */
const FAULTS = 4;
/** Threads that are ended, in the suite, and entries that are confirmed in between. */
const THREADS = 2;
const CALM = 2000;

/** Ends threads of this process, one after the other, while traffic flows. */
class ThreadKiller {
  /** How many were ended. */
  deaths = 0;
  readonly #threads = new Set<Worker>();
  readonly #started = (thread: Worker) => {
    this.#threads.add(thread);
    thread.once('exit', () => this.#threads.delete(thread));
  };

  constructor() {
    process.on('worker', this.#started);
  }

  async torment(traffic: Traffic, random: SeededRandom, goesOn: (done: number) => boolean) {
    while (goesOn(this.deaths)) {
      await traffic.flows(CALM);
      const thread = [...this.#threads][Math.floor(random.uniform() * this.#threads.size)];
      if (thread === undefined) continue;
      this.deaths++;
      await thread.terminate();
    }
  }

  stop(): void {
    process.off('worker', this.#started);
  }
}

interface Fire {
  readonly indexers: number;
  readonly connectionsPerTarget: number;
  readonly workers: number;
  readonly ringBytes: number;
  readonly isDeadlyForThreads?: boolean;
}

/** Full load until every fault has happened; then everything is repaired and accounted for. */
async function underFire({ indexers, isDeadlyForThreads = false, ...configuration }: Fire) {
  const { seed } = soak;
  tellSeed(seed);
  const folder = temporaryDirectory();
  const ports = await Promise.all(Array.from({ length: indexers }, freePort));
  const victims = ports.map((port) => new Victim(folder, port));
  await Promise.all(victims.map((victim, i) => victim.start(1000 * (i + 1))));

  const entries = new FaultEntries(seed);
  const killer = new ThreadKiller();
  onTestFinished(() => killer.stop());
  const muxer = await wholeMuxer({
    ...configuration,
    targets: victims.map(({ address }) => `tcp://${address}`),
    tags: entries.firstTags,
    times: TIMES,
    closeTimeout: RECOVERY_MS,
  });
  const traffic = new Traffic(muxer);
  const faults = new Faults();
  const end = performance.now() + SHARE_MS;
  const until = (count: number) => (done: number) =>
    soak.isOn ? performance.now() < end : done < count;
  const load = new AbortController();
  const written = writeFully(muxer, entries, seed, load.signal);
  const tormented = victims.map((victim, i) =>
    faults.torment(victim, traffic, new SeededRandom(seed + i), until(FAULTS)),
  );
  if (isDeadlyForThreads) {
    tormented.push(killer.torment(traffic, new SeededRandom(seed), until(THREADS)));
  }
  await Promise.all(tormented).finally(() => load.abort());
  const count = await written;
  await muxer.sync({ timeout: RECOVERY_MS });
  // From here on nothing more can be written down: what `sync` waited for must be there by now.
  for (const victim of victims) await victim.kill();
  const stats = muxer.stats();
  const closed = await muxer.close();
  const arrived = await account(victims, entries, count);
  const { resentEntries, reconnects } = stats;
  const observed = { seed, count, threads: killer.deaths, ...faults.counts };
  if (soak.isOn) {
    console.log(JSON.stringify({ ...observed, reconnects, resentEntries, ...arrived }));
  }
  return { count, stats, closed, arrived, faults: faults.counts, threads: killer.deaths };
}

/*
 * Why entries may arrive twice, and how often at most. An indexer confirms what it has written down,
 * but a confirmation is lost when its process, its connection or the worker thread that would have
 * read it ends first. The muxer cannot know that the entry is safe, and sends it again: to the same
 * indexer or another. Every arrival after the first takes such a resending, and each of these is
 * counted when its connection is lost: so there are no more duplicates than `resentEntries`, which
 * are the entries that had been sent and were not confirmed at that moment. Most of those had not
 * even been read by the indexer: there are far fewer duplicates than that.
 */
const FIRES: readonly [string, Fire][] = [
  [
    'two of them, while worker threads are killed as well',
    {
      indexers: 2,
      connectionsPerTarget: 2,
      workers: 2,
      ringBytes: 262_144,
      isDeadlyForThreads: true,
    },
  ],
  ['two of them', { indexers: 2, connectionsPerTarget: 2, workers: 2, ringBytes: 262_144 }],
  [
    'three of them, with large rings',
    { indexers: 3, connectionsPerTarget: 1, workers: 2, ringBytes: 4_194_304 },
  ],
];
/** Milliseconds of each of them in the long form. */
const SHARE_MS = (soak.seconds * 1000) / FIRES.length;

describe('indexers that are killed, hang and come back under full load', () => {
  it.each(scaled(FIRES.slice(0, 1), FIRES))(
    'cost no entry, and double no more than was not confirmed: %s',
    async (_name, fire) => {
      const { count, stats, closed, arrived, faults, threads } = await underFire(fire);
      expect(arrived).toEqual({
        lost: 0,
        foreign: 0,
        duplicates: expect.any(Number),
        examples: [],
      });
      expect(arrived.duplicates).toBeLessThanOrEqual(stats.resentEntries);
      expect(stats).toMatchObject({
        writtenEntries: count,
        confirmedEntries: count,
        backlogEntries: 0,
        refusedEntries: 0,
        unconfirmedBytes: 0,
      });
      expect(closed).toEqual({ unconfirmed: 0, cached: 0 });
      expect(faults.kill).toBeGreaterThanOrEqual(fire.indexers);
      if (fire.isDeadlyForThreads) expect(threads).toBeGreaterThan(0);
    },
    scaled(0, 3 * SHARE_MS) + 3 * RECOVERY_MS,
  );
});
