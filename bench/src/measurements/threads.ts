import { IndexerChild } from '../shared/indexer-child.js';
import { median } from '../shared/median.js';
import { type MeteredRun, runMetered } from './metered-run.js';
import { inTurn, type Rounds, SECRET } from './muxer-run.js';
import { medianTimes, type ProcessorTime, ThreadMeter, type ThreadTimes } from './thread-meter.js';
import { WRITE_PATHS, type WritePath } from './write-paths.js';

const SIZES = [64, 256, 1024];

/** What each thread takes for an entry of one size, by way of writing; medians of all rounds. */
export interface ThreadsRow {
  readonly size: number;
  readonly paths: readonly ThreadsCell[];
}

/** One way of writing. Times are nanoseconds an entry. */
export interface ThreadsCell extends ThreadTimes {
  readonly name: WritePath;
  readonly entriesPerSecond: number;
}

/**
 * Measures the processor time of each thread of the ingester, against an embedded indexer in another
 * process. The entries are made beforehand, so that nothing but the muxer is measured.
 * @param entrySize bytes of data, to measure nothing else
 * @param onRow called with each row as soon as it is measured
 * @throws {NoThreadTimesError} this is not Linux
 */
export async function runThreads(
  { rounds, duration, entrySize }: Rounds & { readonly entrySize?: number },
  onRow: (row: ThreadsRow) => void,
): Promise<ThreadsRow[]> {
  ThreadMeter.assertPossible();
  const indexer = await IndexerChild.start({ secret: SECRET, tally: false, digest: false });
  const target = { targets: [indexer.address] };
  const rows: ThreadsRow[] = [];
  try {
    for (const size of entrySize === undefined ? SIZES : [entrySize]) {
      const paths = WRITE_PATHS.map((write) => ({ write, samples: [] as MeteredRun[] }));
      const runs = paths.map(({ write, samples }) => async () => {
        samples.push(await runMetered({ target, entryBytes: size, write, duration }));
      });
      await inTurn(runs, rounds);
      const row = { size, paths: paths.map(({ write, samples }) => cell(write, samples)) };
      rows.push(row);
      onRow(row);
    }
  } finally {
    await indexer.stop();
  }
  return rows;
}

/** A row for people. */
export function formatThreads({ size, paths }: ThreadsRow): string {
  const lines = paths.map(({ name, main, workers, others, entriesPerSecond }) =>
    [
      `${size} bytes, ${name}: main thread ${nanoseconds(main)}`,
      `lane worker ${nanoseconds(workers)}`,
      `Node's own threads ${nanoseconds(others)}`,
      `${(entriesPerSecond / 1e6).toFixed(2)} M/s`,
    ].join(', '),
  );
  return lines.join('\n');
}

function cell(name: WritePath, samples: readonly MeteredRun[]): ThreadsCell {
  const rates = samples.map(({ entriesPerSecond }) => entriesPerSecond);
  return { name, entriesPerSecond: median(rates), ...medianTimes(samples) };
}

/** As `242 + 12 ns`: user and system. */
function nanoseconds({ user, system }: ProcessorTime): string {
  return `${user.toFixed(0)} + ${system.toFixed(0)} ns`;
}
