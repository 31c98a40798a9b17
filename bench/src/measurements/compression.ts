import type { Content } from '../contents/content.js';
import { IndexerChild } from '../shared/indexer-child.js';
import { type MuxerRunResult, type Rounds, runInTurn, SECRET } from './muxer-run.js';

const SIZES = [256, 1024];
const CONTENTS = ['random', 'text', 'json'] as const;

/** One kind of data of one size, with and without compression; medians of all rounds. */
export interface CompressionRow {
  readonly content: Content;
  readonly size: number;
  readonly plain: MuxerRunResult;
  readonly snappy: MuxerRunResult;
}

/**
 * Measures what compression saves and costs, over TCP to one and the same embedded indexer.
 * @param onRow called with each row as soon as it is measured
 */
export async function runCompression(
  { rounds, duration }: Rounds,
  onRow: (row: CompressionRow) => void,
): Promise<CompressionRow[]> {
  const indexer = await IndexerChild.start({ secret: SECRET, tally: false, digest: false });
  const targets = [indexer.address];
  const rows: CompressionRow[] = [];
  try {
    for (const content of CONTENTS) {
      for (const size of SIZES) {
        const run = { entryBytes: size, write: 'writeBatch', duration, content } as const;
        const [plain, snappy] = (await runInTurn(
          [
            { ...run, target: { targets } },
            { ...run, target: { targets, compression: 'snappy' } },
          ],
          rounds,
        )) as [MuxerRunResult, MuxerRunResult];
        const row = { content, size, plain, snappy };
        rows.push(row);
        onRow(row);
      }
    }
  } finally {
    await indexer.stop();
  }
  return rows;
}
