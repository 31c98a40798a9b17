import { makeLoadCommand } from '@ringest/bench/load';
import type { Command } from 'commander';

const EXAMPLES = `
Examples:
  ringest load
  ringest load --clear-conns 10.0.0.1:4023 --ingest-secret-file secret --tag-name test --status
  ringest load --rate 50000/s --duration 60s --require 'p99<50ms' --report load.html

Without the address of an indexer it starts one, in a process of its own.

Exit status: 0 every entry was confirmed, and what --require says holds; 1 not so, or nothing could be
measured; 2 the command line cannot be used; 130 a second SIGINT ended it at once.`;

/** Adds `ringest load`. */
export function addLoadCommand(program: Command): void {
  makeLoadCommand(program.command('load'))
    .summary('write entries to indexers, and say how fast they confirm them')
    .addHelpText('after', EXAMPLES);
}
