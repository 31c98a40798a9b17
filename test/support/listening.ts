import { Indexer, type IndexerOptions } from '@ringest/indexer';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import { SECRET } from './muxer.js';
import { IS_RELAYED, startRelay, wayOfProject } from './relaying.js';

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

/** The same, listening: by itself, or, in the projects `relayed…`, behind a relay that listens as it was to. */
export async function startIndexer(options: Partial<IndexerOptions> = {}) {
  if (IS_RELAYED) return await startBehindRelay(options);
  const { indexer, logs } = newIndexer(options);
  return { indexer, logs, address: await indexer.listen() };
}

async function startBehindRelay(options: Partial<IndexerOptions>) {
  const { listen = '127.0.0.1:0', secret = SECRET, tls, maxUnauthenticated, ...others } = options;
  const way = await wayOfProject();
  const { indexer } = newIndexer({ ...others, ...way.indexer });
  const listener = { listen, secret, tls, tenants: others.tenants, maxUnauthenticated };
  const { logs, address } = await startRelay({
    muxer: { targets: [await indexer.listen()], ...way.muxer },
    listener,
  });
  return { indexer, logs, address };
}
