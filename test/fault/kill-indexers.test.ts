import { randomInt } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it, onTestFailed } from 'vitest';
import { SeededRandom } from '../../bench/dist/balance-random.js';
import { wholeMuxer } from '../support/muxer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { freePort, Victim } from '../support/victim.js';
import { account } from './account.js';
import { FaultEntries } from './entries.js';
import { type FaultCounts, torment } from './faults.js';
import { writeFully } from './full-load.js';

const { FAULT_SEED = `${randomInt(2 ** 31)}`, FAULT_SECONDS = '6' } = process.env;

/** The same faults in the same order, though not at the same instants: threads and sockets have their own. */
const SEED = Number(FAULT_SEED);
/** Of full load. */
const SECONDS = Number(FAULT_SECONDS);
/** To reach all indexers once more and have everything confirmed by them, on a slow machine. */
const RECOVERY_MS = 60_000;

const TIMES = { silence: 800, confirmation: 3000, handshake: 1500 };
const CALM_MS = 2500;

/** Ends one of this process's threads now and then. Returns how many were ended. */
async function killThreads(random: SeededRandom, signal: AbortSignal): Promise<number> {
  const threads = new Set<Worker>();
  const started = (thread: Worker) => {
    threads.add(thread);
    thread.once('exit', () => threads.delete(thread));
  };
  process.on('worker', started);
  let deaths = 0;
  while (!signal.aborted) {
    await delay(500 + random.uniform() * CALM_MS, undefined, { signal }).catch(() => {});
    const thread = [...threads][Math.floor(random.uniform() * threads.size)];
    if (signal.aborted || thread === undefined) continue;
    deaths++;
    await thread.terminate();
  }
  process.off('worker', started);
  return deaths;
}

interface Fire {
  readonly indexers: number;
  readonly connectionsPerTarget: number;
  readonly workers: number;
  readonly ringBytes: number;
  readonly isDeadlyForThreads?: boolean;
}

/** Full load under faults for `SECONDS`; then everything is repaired and accounted for. */
async function underFire({ indexers, isDeadlyForThreads = false, ...configuration }: Fire) {
  onTestFailed(() => console.error(`to have the same faults again: FAULT_SEED=${SEED}`));
  const folder = temporaryDirectory();
  const ports = await Promise.all(Array.from({ length: indexers }, freePort));
  const victims = ports.map((port) => new Victim(folder, port));
  await Promise.all(victims.map((victim, i) => victim.start(1000 * (i + 1))));

  const end = new AbortController();
  const entries = new FaultEntries(SEED);
  const counts: FaultCounts = { kills: 0, hangs: 0, pauses: 0 };
  const threadsEnded = isDeadlyForThreads ? killThreads(new SeededRandom(SEED), end.signal) : 0;
  const muxer = await wholeMuxer({
    ...configuration,
    targets: victims.map(({ address }) => `tcp://${address}`),
    tags: entries.firstTags,
    times: TIMES,
    closeTimeout: RECOVERY_MS,
  });
  const tormented = victims.map((victim, i) => {
    const times = { silence: TIMES.silence, calm: CALM_MS };
    return torment(victim, new SeededRandom(SEED + i), times, counts, end.signal);
  });
  const timer = setTimeout(() => end.abort(), SECONDS * 1000);
  const start = performance.now();
  const written = await writeFully(muxer, entries, SEED, end.signal).finally(() => {
    clearTimeout(timer);
    end.abort();
  });
  const seconds = (performance.now() - start) / 1000;
  await Promise.all(tormented);
  const threads = await threadsEnded;
  await muxer.sync({ timeout: RECOVERY_MS });
  // From here on nothing more can be written down: what `sync` waited for must be there by now.
  for (const victim of victims) await victim.kill();
  const stats = muxer.stats();
  const closed = await muxer.close();
  const arrived = await account(victims, entries, written);
  const { resentEntries, reconnects } = stats;
  const observed = { seed: SEED, written, rate: Math.round(written / seconds), threads, ...counts };
  console.log(JSON.stringify({ ...observed, reconnects, resentEntries, ...arrived }));
  return { written, stats, closed, arrived, counts, threads };
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
describe('indexers that are killed, hang and come back at random under full load', () => {
  it.each<[string, Fire]>([
    ['two of them', { indexers: 2, connectionsPerTarget: 2, workers: 2, ringBytes: 262_144 }],
    [
      'three of them, with large rings',
      { indexers: 3, connectionsPerTarget: 1, workers: 2, ringBytes: 4_194_304 },
    ],
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
  ])(
    'cost no entry, and double no more than was not confirmed: %s',
    async (_name, fire) => {
      const { written, stats, closed, arrived, counts, threads } = await underFire(fire);
      expect(arrived).toEqual({
        lost: 0,
        foreign: 0,
        duplicates: expect.any(Number),
        examples: [],
      });
      expect(arrived.duplicates).toBeLessThanOrEqual(stats.resentEntries);
      expect(stats).toMatchObject({
        writtenEntries: written,
        confirmedEntries: written,
        backlogEntries: 0,
        refusedEntries: 0,
        unconfirmedBytes: 0,
      });
      expect(closed).toEqual({ unconfirmed: 0, cached: 0 });
      expect(counts.kills).toBeGreaterThanOrEqual(fire.indexers);
      if (fire.isDeadlyForThreads) expect(threads).toBeGreaterThan(0);
    },
    SECONDS * 1000 * 3 + 3 * RECOVERY_MS,
  );
});
