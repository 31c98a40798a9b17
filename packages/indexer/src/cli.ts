#!/usr/bin/env node
import { once } from 'node:events';
import { API_VERSION, RingestError } from '@ringest/codec';
import { Command } from 'commander';
import { pino } from 'pino';
import { byteRate, count, duration, wholeNumber } from './cli-values.js';
import { Indexer, type IndexerStats } from './indexer.js';
import type { IndexerBehaviour } from './indexer-options.js';

interface Options extends IndexerBehaviour {
  readonly listen: string;
  readonly ingestSecret: string;
  readonly digest: boolean;
  readonly json: boolean;
}

const HELP = `
A time is a number with ms, s, m or h. Bytes are a plain number, or one with KB, MB or GB, which
are powers of 1000.`;

const options = new Command('ringest-indexer')
  .description(
    'An indexer that confirms and counts entries, and stores nothing. It runs until SIGINT or SIGTERM.',
  )
  .option('--listen <address>', 'where to listen, as host:port', '127.0.0.1:4023')
  .requiredOption('--ingest-secret <secret>', 'the secret that ingesters must have')
  .option('--digest', 'keep a digest of all entries, independent of their order', false)
  .option('--json', 'end with one JSON object on standard output', false)
  .optionsGroup('To be slow, strict, old or unreliable:')
  .option('--ack-delay <time>', 'confirm entries so much later, such as 50ms', duration)
  .option('--read-rate <bytes>', 'read no more a second from each connection: 500KB', byteRate)
  .option('--throttle <time>', 'stop ingesters for so long every second: 200ms', duration)
  .option('--not-ready-for <time>', 'let nobody ingest for so long at first: 2s', duration)
  .option('--fail-after <n>', 'destroy the connection of every n-th entry, unconfirmed', count)
  .option('--refuse-tag <name>', 'refuse a tag; may be given several times', oneMore)
  .option('--api-version <n>', 'know no more than this API version', wholeNumber(0, API_VERSION))
  .addHelpText('after', HELP)
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

function oneMore(name: string, names: readonly string[] = []): readonly string[] {
  return [...names, name];
}

async function run(options: Options): Promise<void> {
  const { listen, ingestSecret, digest, json, ...behaviour } = options;
  // Standard output is for the summary alone when a program reads it.
  const announcements = json ? process.stderr : process.stdout;
  const logger = pino({ level: 'warn' }, pino.destination({ dest: 2, sync: true }));
  await using indexer = new Indexer({ listen, secret: ingestSecret, digest, logger, ...behaviour });
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
