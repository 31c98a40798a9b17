import { RingestError } from '@ringest/codec';
import { addIndexerFlags, type CliOptions, explain } from '@ringest/indexer/command-line';
import type { Command } from 'commander';
import { UsageError } from '../errors.js';

const EXAMPLES = `
Examples:
  ringest indexer --listen 127.0.0.1:4023 --ingest-secret-file secret
  ringest indexer --ingest-secret-file secret --store /var/lib/ringest --store-max-size 10GB

Exit status: 0 after a signal; 2 the command line cannot be used; 3 an address or the store cannot be
used, or the last entries could not be stored.`;

/** Errors about flags, in whose messages the flags are named. */
const USAGE_CODES: ReadonlySet<string> = new Set(['ERR_INVALID_OPTION', 'ERR_INVALID_ADDRESS']);

/** Adds `ringest indexer`. */
export function addIndexerCommand(program: Command): void {
  addIndexerFlags(program.command('indexer'))
    .summary('confirm, count and store what ingesters send')
    .addHelpText('after', EXAMPLES)
    .action(async (flags: CliOptions) => {
      const { runIndexer } = await import('@ringest/indexer/run');
      try {
        await runIndexer(flags);
      } catch (error) {
        const isUsage = error instanceof RingestError && USAGE_CODES.has(error.code);
        throw isUsage ? new UsageError(explain(error), { cause: error }) : error;
      }
    });
}
