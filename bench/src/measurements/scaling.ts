import { IndexerChild } from '../shared/indexer-child.js';
import { median } from '../shared/median.js';
import { type MeteredRun, runMetered } from './metered-run.js';
import { inTurn, type MuxerRun, type Rounds, SECRET } from './muxer-run.js';
import { medianTimes, ThreadMeter } from './thread-meter.js';

/** What grows, and to what. Everything else stays: one connection to one indexer, entries of 256 bytes. */
const CASES = {
  entries: [1, 4, 16],
  size: [16, 64, 256, 1024, 4096, 16384],
  lanes: [1, 2, 4, 8, 16],
  indexers: [1, 2, 4, 8],
} as const;

export type ScalingBy = keyof typeof CASES;

export const SCALING_BY = Object.keys(CASES) as readonly ScalingBy[];

const ENTRY_BYTES = 256;

/**
 * What an entry costs at one point. Times are nanoseconds of processor an entry; medians of all rounds.
 */
export interface ScalingRow {
  /** What grows. */
  readonly by: ScalingBy;
  /** How many entries there were on average, bytes of data of each, lanes to one indexer, or indexers. */
  readonly at: number;
  readonly main: number;
  /** All threads of lanes together. */
  readonly workers: number;
  /** Threads that Node.js has for itself. */
  readonly others: number;
  readonly entriesPerSecond: number;
}

/**
 * Measures how the cost of an entry grows with the length of a load, with sizes, lanes and indexers, by
 * `writeBatch`. Embedded indexers run in processes of their own.
 * @param by measures nothing but how it grows with this
 * @param onRow called with each row as soon as it is measured
 * @throws {NoThreadTimesError} this is not Linux
 */
export async function runScaling(
  { rounds, duration, by: only }: Rounds & { readonly by?: ScalingBy },
  onRow: (row: ScalingRow) => void,
): Promise<ScalingRow[]> {
  ThreadMeter.assertPossible();
  const growing = only === undefined ? SCALING_BY : [only];
  const count = growing.includes('indexers') ? Math.max(...CASES.indexers) : 1;
  const indexers: IndexerChild[] = [];
  try {
    while (indexers.length < count) {
      indexers.push(await IndexerChild.start({ secret: SECRET, tally: false, digest: false }));
    }
    const addresses = indexers.map(({ address }) => address);
    const rows: ScalingRow[] = [];
    for (const by of growing) {
      const cases = CASES[by].map((at) => ({ at, samples: [] as MeteredRun[] }));
      const runs = cases.map(({ at, samples }) => async () => {
        samples.push(await runMetered(runOf(by, at, addresses, duration)));
      });
      await inTurn(runs, rounds);
      for (const { at, samples } of cases) {
        const row = rowOf(by, at, samples);
        rows.push(row);
        onRow(row);
      }
    }
    return rows;
  } finally {
    await Promise.all(indexers.map((indexer) => indexer.stop()));
  }
}

/** What grows, in words. */
export const SCALING_NAMES: Readonly<Record<ScalingBy, (at: number) => string>> = {
  entries: (at) => `${(at / 1e6).toFixed(1)} M entries`,
  size: (at) => `${at} bytes`,
  lanes: (at) => `${at} ${at === 1 ? 'lane' : 'lanes'}`,
  indexers: (at) => `${at} ${at === 1 ? 'indexer' : 'indexers'}`,
};

/** A row for people. */
export function formatScaling({ by, at, main, workers, others, ...row }: ScalingRow): string {
  return [
    `${SCALING_NAMES[by](at)}: main thread ${main.toFixed(0)} ns`,
    `lane workers ${workers.toFixed(0)} ns`,
    `Node's own threads ${others.toFixed(0)} ns`,
    `${(row.entriesPerSecond / 1e6).toFixed(2)} M/s`,
  ].join(', ');
}

function runOf(
  by: ScalingBy,
  at: number,
  addresses: readonly string[],
  duration: number,
): MuxerRun {
  return {
    target: {
      targets: addresses.slice(0, by === 'indexers' ? at : 1),
      connectionsPerTarget: by === 'lanes' ? at : 1,
    },
    entryBytes: by === 'size' ? at : ENTRY_BYTES,
    duration: by === 'entries' ? duration * at : duration,
    write: 'writeBatch',
    // Each batch of the largest entries has four megabytes.
    ...(by === 'size' && { batch: 256 }),
  };
}

function rowOf(by: ScalingBy, at: number, samples: readonly MeteredRun[]): ScalingRow {
  const { main, workers, others } = medianTimes(samples);
  const sum = ({ user, system }: { user: number; system: number }) => user + system;
  return {
    by,
    at: by === 'entries' ? median(samples.map(({ entries }) => entries)) : at,
    main: sum(main),
    workers: sum(workers),
    others: sum(others),
    entriesPerSecond: median(samples.map((sample) => sample.entriesPerSecond)),
  };
}
