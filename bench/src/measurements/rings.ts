import { IndexerChild } from '../shared/indexer-child.js';
import { median } from '../shared/median.js';
import { inTurn, type MuxerRun, type Rounds, runMuxer, SECRET } from './muxer-run.js';

const SIZES = [64, 1024];
/** Entries to a write; 1: `writeEntry`. */
const BATCHES = [1, 64, 1024];
/** Bytes of a ring, the largest first: the others are compared with it. */
const RINGS = [24, 22, 20, 18, 16].map((power) => 2 ** power);

/** Rings of all sizes at one size of entries and of batches. */
export interface RingsRow {
  readonly size: number;
  /** 1: `writeEntry`. */
  readonly batch: number;
  readonly rings: readonly RingsCell[];
}

/** One size of ring; medians of all rounds. */
export interface RingsCell {
  readonly ringBytes: number;
  readonly entriesPerSecond: number;
  /** Its entries a second for each of the largest ring's in the same round; the median. */
  readonly ratioToLargest: number;
}

/**
 * Measures what a small ring costs, to one and the same embedded indexer.
 * @param entrySize bytes of data, to measure nothing else
 * @param onRow called with each row as soon as it is measured
 */
export async function runRings(
  { rounds, duration, entrySize }: Rounds & { readonly entrySize?: number },
  onRow: (row: RingsRow) => void,
): Promise<RingsRow[]> {
  const indexer = await IndexerChild.start({ secret: SECRET, tally: false, digest: false });
  const rows: RingsRow[] = [];
  try {
    for (const size of entrySize === undefined ? SIZES : [entrySize]) {
      for (const batch of BATCHES) {
        const run: Omit<MuxerRun, 'target'> = {
          entryBytes: size,
          duration,
          ...(batch === 1 ? { write: 'writeEntry' } : { write: 'writeBatch', batch }),
        };
        const rings = await measureRings(run, indexer.address, rounds);
        const row = { size, batch, rings };
        rows.push(row);
        onRow(row);
      }
    }
  } finally {
    await indexer.stop();
  }
  return rows;
}

/** A row for people. */
export function formatRings({ size, batch, rings }: RingsRow): string {
  const how = batch === 1 ? 'writeEntry' : `batches of ${batch}`;
  const cells = rings.map(
    ({ ringBytes, entriesPerSecond, ratioToLargest }) =>
      `  ${`${ringBytes / 1024} KiB:`.padEnd(11)}${(entriesPerSecond / 1e6).toFixed(2)} M/s ` +
      `(${ratioToLargest.toFixed(2)})`,
  );
  return [`${size} bytes, ${how}:`, ...cells].join('\n');
}

async function measureRings(
  run: Omit<MuxerRun, 'target'>,
  address: string,
  rounds: number,
): Promise<RingsCell[]> {
  const rings = RINGS.map((ringBytes) => ({ ringBytes, rates: [] as number[] }));
  const runs = rings.map(({ ringBytes, rates }) => async () => {
    const result = await runMuxer({ ...run, target: { targets: [address], ringBytes } });
    rates.push(result.entriesPerSecond);
  });
  await inTurn(runs, rounds);
  const largest = rings[0]?.rates ?? [];
  return rings.map(({ ringBytes, rates }) => ({
    ringBytes,
    entriesPerSecond: median(rates),
    ratioToLargest: median(rates.map((rate, round) => rate / (largest[round] ?? rate))),
  }));
}
