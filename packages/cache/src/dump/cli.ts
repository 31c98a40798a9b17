#!/usr/bin/env node

import { once } from 'node:events';
import { statSync } from 'node:fs';
import { messageOf } from '@ringest/codec';
import { Command } from 'commander';
import { dumpCache } from './cache-dump.js';

const EXIT_FAILED = 1;
const EXIT_DAMAGED = 2;

const HELP = `
The command changes nothing, and does not disturb a process that uses the cache. Entries that this
process adds or removes while the command runs may be shown or not.

With --entries, standard output has one JSON object a line for each entry: sequence, timestamp, tag,
source (null: that of the connection), data (or base64, where it is not UTF-8) and values. Messages
then go to standard error.

Exit status: 0 everything was read, 1 the folder cannot be read or the arguments are wrong, 2 part of
it is damaged, of a newer format, or cannot be read.`;

const program = new Command('ringest-cache').description(
  'Looks into the disk cache of an ingester.',
);
program
  .command('dump')
  .description('print what is in a cache')
  .argument('<path>', 'the folder of the cache')
  .option('--entries', 'print each entry as a line of JSON', false)
  .addHelpText('after', HELP)
  .allowExcessArguments(false)
  .action(dump);
// A pager that was left closes the pipe.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
await program.parseAsync();

async function dump(path: string, { entries }: { readonly entries: boolean }): Promise<void> {
  const reports = entries ? process.stderr : process.stdout;
  try {
    if (!statSync(path).isDirectory()) throw new Error(`${path} is not a folder`);
    const { damaged, unread } = await dumpCache(path, {
      report: (line) => reports.write(`${line}\n`),
      entry: entries ? printEntry : undefined,
    });
    if (damaged + unread > 0) process.exitCode = EXIT_DAMAGED;
  } catch (error) {
    process.stderr.write(`ringest-cache: ${messageOf(error)}\n`);
    process.exitCode = EXIT_FAILED;
  }
}

async function printEntry(entry: object): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(entry)}\n`)) await once(process.stdout, 'drain');
}
