import type { Command } from 'commander';
import { addCacheCommand } from './cache.js';
import { addCatCommand } from './cat.js';
import { addCheckCommand } from './check.js';
import { addIndexerCommand } from './indexer.js';
import { addLoadCommand } from './load.js';
import { addCompletionCommand, addManualCommand } from './manual.js';
import { addRelayCommand } from './relay.js';
import { addShipCommand } from './ship.js';
import { addStatusCommand } from './status.js';
import { addTuneCommand } from './tune.js';

/**
 * Adds one command to the program. A command sets `process.exitCode` to a status of `EXIT`, and throws what
 * kept it from its work. It imports what it runs only when it runs: other commands need not load it.
 */
export type AddCommand = (program: Command) => void;

/** All commands, in the order of the help. */
export const COMMANDS: readonly AddCommand[] = [
  addShipCommand,
  addRelayCommand,
  addStatusCommand,
  addCheckCommand,
  addIndexerCommand,
  addCatCommand,
  addCacheCommand,
  addLoadCommand,
  addTuneCommand,
  addCompletionCommand,
  addManualCommand,
];
