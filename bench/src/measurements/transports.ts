import { IndexerChild } from '../shared/indexer-child.js';
import { TRANSPORTS } from '../shared/indexer-messages.js';
import { type MuxerRun, type MuxerRunResult, type Rounds, runInTurn, SECRET } from './muxer-run.js';

const SIZES = [256, 1024];

/** All ways to reach an indexer, at one size of entries. */
export interface TransportsRow {
  readonly size: number;
  readonly ways: readonly TransportsCell[];
}

/** One way; medians of all rounds. */
export interface TransportsCell extends MuxerRunResult {
  /** As `tls`, or `tls + snappy`. */
  readonly name: string;
  /** Its entries a second for each of `tcp`. */
  readonly ratioToTcp: number;
}

/**
 * Measures the transports beside each other, to one and the same embedded indexer, which shows a
 * certificate that is verified. The data is text.
 * @param onRow called with each row as soon as it is measured
 */
export async function runTransports(
  { rounds, duration }: Rounds,
  onRow: (row: TransportsRow) => void,
): Promise<TransportsRow[]> {
  const indexer = await IndexerChild.start({
    secret: SECRET,
    tally: false,
    digest: false,
    transports: TRANSPORTS,
  });
  const ways = waysTo(indexer);
  const rows: TransportsRow[] = [];
  try {
    for (const size of SIZES) {
      const run = { entryBytes: size, write: 'writeBatch', duration, content: 'text' } as const;
      const runs = ways.map(({ target }) => ({ ...run, target }));
      const results = await runInTurn(runs, rounds);
      const tcp = results[0]?.entriesPerSecond ?? 0;
      const cells = results.map((result, i) => ({
        name: ways[i]?.name ?? '',
        ratioToTcp: result.entriesPerSecond / tcp,
        ...result,
      }));
      const row = { size, ways: cells };
      rows.push(row);
      onRow(row);
    }
  } finally {
    await indexer.stop();
  }
  return rows;
}

/** TCP comes first. */
function waysTo(indexer: IndexerChild): { name: string; target: MuxerRun['target'] }[] {
  const [tcp, tls, pipe] = indexer.addresses as [string, string, string];
  const secured = { targets: [tls], tls: { ca: indexer.ca as string } };
  return [
    { name: 'tcp', target: { targets: [tcp] } },
    { name: 'tls', target: secured },
    { name: 'pipe', target: { targets: [pipe] } },
    { name: 'tls + snappy', target: { ...secured, compression: 'snappy' } },
  ];
}
