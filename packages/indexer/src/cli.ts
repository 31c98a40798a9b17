#!/usr/bin/env node
import { once } from 'node:events';
import { RingestError } from '@ringest/codec';
import { Command } from 'commander';
import { pino } from 'pino';
import { Indexer, type IndexerStats } from './indexer.js';

interface Options {
  readonly listen: string;
  readonly ingestSecret: string;
  readonly digest: boolean;
  readonly json: boolean;
}

const options = new Command('ringest-indexer')
  .description(
    'An indexer that confirms and counts entries, and stores nothing. It runs until SIGINT or SIGTERM.',
  )
  .option('--listen <address>', 'where to listen, as host:port', '127.0.0.1:4023')
  .requiredOption('--ingest-secret <secret>', 'the secret that ingesters must have')
  .option('--digest', 'keep a digest of all entries, independent of their order', false)
  .option('--json', 'end with one JSON object on standard output', false)
  .allowExcessArguments(false)
  .parse()
  .opts<Options>();

try {
  await run(options);
} catch (error) {
  if (!(error instanceof RingestError)) throw error;
  process.stderr.write(`ringest-indexer: ${error.message}\n`);
  process.exitCode = 1;
}

async function run({ listen, ingestSecret, digest, json }: Options): Promise<void> {
  // Standard output is for the summary alone when a program reads it.
  const announcements = json ? process.stderr : process.stdout;
  const logger = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));
  await using indexer = new Indexer({ listen, secret: ingestSecret, digest, logger });
  // Whoever reads the announcement may send a signal at once.
  const signal = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
  announcements.write(`listening on ${await indexer.listen()}\n`);
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
  if (stats.digest !== null) lines.push(`digest ${stats.digest}`);
  return `${lines.join('\n')}\n`;
}
