import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Indexer, type IndexerOptions } from '@ringest/indexer';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';

/** The secret of every indexer here. */
export const SECRET = 'IngestSecrets';

/** A line of an indexer's log. */
export interface LogLine {
  readonly msg: string;
  readonly ingester?: string;
  readonly err?: { readonly type: string; readonly message: string; readonly code: string };
}

/** An indexer that is closed when the test is finished, and what it logs. */
export function newIndexer(options: Partial<IndexerOptions> = {}) {
  const logs: LogLine[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => logs.push(JSON.parse(line)) });
  const indexer = new Indexer({ listen: '127.0.0.1:0', secret: SECRET, logger, ...options });
  onTestFinished(() => indexer.close());
  return { indexer, logs };
}

/** The same, listening. */
export async function startIndexer(options: Partial<IndexerOptions> = {}) {
  const { indexer, logs } = newIndexer(options);
  return { indexer, logs, address: await indexer.listen() };
}

/** A directory that is removed when the test is finished. */
export function temporaryDirectory(): string {
  const directory = mkdtempSync(join(tmpdir(), 'ringest-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}
