import { makeTuneCommand } from '@ringest/bench/tune';
import type { Command } from 'commander';

const EXAMPLES = `
Examples:
  ringest tune
  ringest tune --clear-conns 10.0.0.1:4023,10.0.0.2:4023 --ingest-secret-file secret --budget 10m
  ringest tune --goal cost --rate 50000/s --report tune.html

Without the address of an indexer it starts as many as --indexers says, in processes of their own.

Exit status: 0 it has a recommendation; 1 it could not measure, or an entry was lost; 2 the command line
cannot be used; 130 after SIGINT.`;

/** Adds `ringest tune`. */
export function addTuneCommand(program: Command): void {
  makeTuneCommand(program.command('tune'))
    .summary('find the configuration that serves this machine and these indexers best')
    .addHelpText('after', EXAMPLES);
}
