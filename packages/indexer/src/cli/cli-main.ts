import { once } from 'node:events';
import { RingestError } from '@ringest/codec';
import { pino } from 'pino';
import { Indexer, type IndexerStats } from '../indexer.js';
import { type CliOptions, explain, indexerOptions, parseCliOptions } from './cli-options.js';

try {
  await run(parseCliOptions(process.argv));
} catch (error) {
  if (!(error instanceof RingestError)) throw error;
  process.stderr.write(`ringest-indexer: ${explain(error)}\n`);
  process.exitCode = 1;
}

async function run(options: CliOptions): Promise<void> {
  const { json } = options;
  // Standard output is for the summary alone when a program reads it.
  const announcements = json ? process.stderr : process.stdout;
  const logger = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));
  await using indexer = new Indexer({ ...indexerOptions(options, process.env), logger });
  // A program that reads the announcement may send a signal at once.
  const signal = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  await indexer.listen();
  for (const address of indexer.addresses) announcements.write(`listening on ${address}\n`);
  await signal;
  await indexer.close();
  const stats = indexer.stats();
  process.stdout.write(json ? `${JSON.stringify(stats)}\n` : summary(stats));
}

function summary(stats: IndexerStats): string {
  const lines = [
    `${stats.entries} entries with ${stats.bytes} bytes of data, ${stats.connections} connections`,
    ...Object.entries(stats.tags).map(([name, count]) => `  ${name}: ${count}`),
  ];
  for (const [name, count] of Object.entries(stats.tenants)) {
    lines.push(`  tenant ${name}: ${count}`);
  }
  if (stats.digest !== null) lines.push(`digest ${stats.digest}`);
  return `${lines.join('\n')}\n`;
}
