#!/usr/bin/env node

import { once } from 'node:events';
import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { messageOf } from '@ringest/codec';
import { dumpCache } from './cache-dump.js';

const EXIT_FAILED = 1;
const EXIT_DAMAGED = 2;

const HELP = `Usage: ringest-cache dump [--entries] <path>

Prints what is in the disk cache of an ingester. <path> is the folder of the cache.

The command changes nothing, and does not disturb a process that uses the cache. Entries that this
process adds or removes while the command runs may be shown or not.

With --entries, standard output has one JSON object a line for each entry: sequence, timestamp, tag,
source (null: that of the connection), data (or base64, where it is not UTF-8) and values. Messages
then go to standard error.

Exit status: 0 everything was read, 1 the folder cannot be read or the arguments are wrong, 2 part of
it is damaged, of a newer format, or cannot be read.`;

// A pager closes the pipe when the user quits it.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
});
await run();

/** Parses the arguments with Node.js, so that programs that embed a muxer install no command-line parser. */
async function run(): Promise<void> {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { entries: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } },
    });
    if (values.help) {
      console.log(HELP);
      return;
    }
    const [command, path, ...more] = positionals;
    if (command !== 'dump' || path === undefined || more.length > 0) throw new Error(HELP);
    await dump(path, { entries: values.entries ?? false });
  } catch (error) {
    process.stderr.write(`ringest-cache: ${messageOf(error)}\n`);
    process.exitCode = EXIT_FAILED;
  }
}

async function dump(path: string, { entries }: { readonly entries: boolean }): Promise<void> {
  const reports = entries ? process.stderr : process.stdout;
  if (!statSync(path).isDirectory()) throw new Error(`${path} is not a folder`);
  const { damaged, unread } = await dumpCache(path, {
    report: (line) => reports.write(`${line}\n`),
    entry: entries ? printEntry : undefined,
  });
  if (damaged + unread > 0) process.exitCode = EXIT_DAMAGED;
}

async function printEntry(entry: object): Promise<void> {
  if (!process.stdout.write(`${JSON.stringify(entry)}\n`)) await once(process.stdout, 'drain');
}
