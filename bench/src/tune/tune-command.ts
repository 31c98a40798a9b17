import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { callerOf } from '../load/caller.js';
import { addTuneFlags, readTuneOptions } from './tune-options.js';

/**
 * Makes a command the tuner: gives it its description, its flags, and what it does. When it has run,
 * `process.exitCode` is 0 if it has found what to recommend, 130 after SIGINT, else 1. A flag that cannot be
 * used ends the command as commander does.
 */
export function makeTuneCommand(command: Command): Command {
  return addTuneFlags(command).action(async () => {
    const options = readTuneOptions(command, process.env, availableParallelism());
    const { runTuneCommand } = await import('./tune-main.js');
    process.exitCode = await runTuneCommand(options, callerOf(command));
  });
}
