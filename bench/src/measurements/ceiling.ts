import { IndexerChild } from '../shared/indexer-child.js';
import { median } from '../shared/median.js';
import { probeCeiling } from './ceiling-probe.js';
import { inTurn, type Rounds, runMuxer, SECRET } from './muxer-run.js';

const SIZES = [64, 256, 1024];

/** Entries a second at one size, medians of all rounds. */
export interface CeilingRow {
  readonly size: number;
  readonly ceiling: number;
  readonly writeEntry: number;
  readonly writeBatch: number;
}

/**
 * Measures the ceiling and the muxer's two ways of writing, in turn and over several rounds, against
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
      const writeEntry: number[] = [];
      const writeBatch: number[] = [];
      const run = async (write: 'writeEntry' | 'writeBatch', samples: number[]) => {
        const result = await runMuxer({ target, entryBytes: size, write, duration });
        samples.push(result.entriesPerSecond);
      };
      const probe = async () => {
        ceiling.push(await probeCeiling(indexer.address, SECRET, size, duration));
      };
      const runs = [
        probe,
        () => run('writeEntry', writeEntry),
        () => run('writeBatch', writeBatch),
      ];
      await inTurn(runs, rounds);
      const row = {
        size,
        ceiling: Math.round(median(ceiling)),
        writeEntry: Math.round(median(writeEntry)),
        writeBatch: Math.round(median(writeBatch)),
      };
      rows.push(row);
      onRow(row);
    }
  } finally {
    await indexer.stop();
  }
  return rows;
}
