import { IndexerChild } from '../shared/indexer-child.js';
import { median } from '../shared/median.js';
import { probeCeiling } from './ceiling-probe.js';
import { inTurn, type Rounds, runMuxer, SECRET } from './muxer-run.js';
import { WRITE_PATHS, type WritePath } from './write-paths.js';

const SIZES = [64, 256, 1024];

/** Entries a second at one size, medians of all rounds. */
export interface CeilingRow extends Readonly<Record<WritePath, number>> {
  readonly size: number;
  readonly ceiling: number;
}

/**
 * Measures the ceiling and the muxer's ways of writing, in turn and over several rounds, against
 * the same embedded indexer.
 * @param onRow called with each row as soon as it is measured
 */
export async function runCeiling(
  { rounds, duration }: Rounds,
  onRow: (row: CeilingRow) => void,
): Promise<CeilingRow[]> {
  const indexer = await IndexerChild.start({ secret: SECRET, tally: false, digest: false });
  const target = { targets: [indexer.address] };
  const rows: CeilingRow[] = [];
  try {
    for (const size of SIZES) {
      const ceiling: number[] = [];
      const paths = WRITE_PATHS.map((write) => ({ write, rates: [] as number[] }));
      const probe = async () => {
        ceiling.push(await probeCeiling(indexer.address, SECRET, size, duration));
      };
      const runs = paths.map(({ write, rates }) => async () => {
        const result = await runMuxer({ target, entryBytes: size, write, duration });
        rates.push(result.entriesPerSecond);
      });
      await inTurn([probe, ...runs], rounds);
      const medians = paths.map(({ write, rates }) => [write, Math.round(median(rates))]);
      const row = {
        size,
        ceiling: Math.round(median(ceiling)),
        ...(Object.fromEntries(medians) as Record<WritePath, number>),
      };
      rows.push(row);
      onRow(row);
    }
  } finally {
    await indexer.stop();
  }
  return rows;
}
