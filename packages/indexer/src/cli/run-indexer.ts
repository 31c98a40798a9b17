import { once } from 'node:events';
import { pino } from 'pino';
import { Indexer, type IndexerStats } from '../indexer.js';
import { Store, type StoreStats } from '../store/store.js';
import { type CliOptions, indexerOptions, storeOptions } from './cli-options.js';

/**
 * Runs an indexer until SIGINT or SIGTERM, and prints a summary.
 *
 * @throws {SecretError | InvalidOptionError | InvalidAddressError} if a flag cannot be used.
 * @throws {ListenError | StoreOpenError | StoreLockedError} if it cannot begin.
 * @throws {StoreWriteError} if the last entries could not be stored.
 */
export async function runIndexer(options: CliOptions): Promise<void> {
  const { json } = options;
  // Standard output is for the summary alone when a program reads it.
  const announcements = json ? process.stderr : process.stdout;
  const logger = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));
  const settings = indexerOptions(options, process.env);
  const storing = storeOptions(options);
  await using store = storing && (await Store.open({ ...storing, logger }));
  await using indexer = new Indexer({ ...settings, store, logger });
  // A program that reads the announcement may send a signal at once.
  const signal = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await indexer.listen();
  for (const address of indexer.addresses) announcements.write(`listening on ${address}\n`);
  await signal;
  await indexer.close();
  await store?.close();
  const [stats, stored] = [indexer.stats(), store?.stats()];
  const whole = { ...stats, ...(stored && { store: stored }) };
  process.stdout.write(json ? `${JSON.stringify(whole)}\n` : summary(stats, stored));
}

function summary(stats: IndexerStats, stored: StoreStats | undefined): string {
  const lines = [
    `${stats.entries} entries with ${stats.bytes} bytes of data, ${stats.connections} connections`,
    ...Object.entries(stats.tags).map(([name, count]) => `  ${name}: ${count}`),
  ];
  for (const [name, count] of Object.entries(stats.tenants)) {
    lines.push(`  tenant ${name}: ${count}`);
  }
  if (stats.digest !== null) lines.push(`digest ${stats.digest}`);
  if (stored !== undefined) {
    const { entries, blocks, segments, segmentBytes } = stored;
    lines.push(
      `stored ${entries} entries in ${blocks} blocks; the store has ${segments} segments with ${segmentBytes} bytes`,
    );
  }
  return `${lines.join('\n')}\n`;
}
