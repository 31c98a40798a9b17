import { Indexer, type IndexerOptions } from '@ringest/indexer';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { SECRET } from './muxer.js';

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
