import { IndexerChild } from '../shared/indexer-child.js';
import { median } from '../shared/median.js';
import { probeCeiling } from './ceiling-probe.js';
import { type Rounds, runMuxer, SECRET } from './muxer-run.js';

const SIZES = [64, 256, 1024];

/** Entries a second at one size, medians of all rounds. */
export interface CeilingRow {
  readonly size: number;
  readonly ceiling: number;
  readonly writeEntry: number;
  readonly writeBatch: number;
}

/**
 * Measures, in turn and over several rounds, the ceiling and the muxer's two ways of writing, against
 * one and the same embedded indexer.
 * @param told is called with each row as it is done
 */
export async function runCeiling(
  { rounds, duration }: Rounds,
  told: (row: CeilingRow) => void,
): Promise<CeilingRow[]> {
  const indexer = await IndexerChild.start({ secret: SECRET, tally: false, digest: false });
  const target = { targets: [indexer.address] };
  const rows: CeilingRow[] = [];
  try {
    for (const size of SIZES) {
      const samples = {
        ceiling: [] as number[],
        writeEntry: [] as number[],
        writeBatch: [] as number[],
      };
      for (let round = 0; round < rounds; round++) {
        samples.ceiling.push(await probeCeiling(indexer.address, SECRET, size, duration));
        for (const write of ['writeEntry', 'writeBatch'] as const) {
          const run = await runMuxer({ target, entryBytes: size, write, duration });
          samples[write].push(run.entriesPerSecond);
        }
      }
      const row = {
        size,
        ceiling: Math.round(median(samples.ceiling)),
        writeEntry: Math.round(median(samples.writeEntry)),
        writeBatch: Math.round(median(samples.writeBatch)),
      };
      rows.push(row);
      told(row);
    }
  } finally {
    await indexer.stop();
  }
  return rows;
}
