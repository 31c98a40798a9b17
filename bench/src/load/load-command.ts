import type { Command } from 'commander';
import { callerOf } from './caller.js';
import { addLoadFlags, readLoadOptions } from './load-options.js';

/**
 * Makes a command the load generator: gives it its description, its flags, and what it does. When it has run,
 * `process.exitCode` is 0 if every entry was confirmed and what `--require` says holds, else 1, and 130 after
 * a second SIGINT. A flag that cannot be used ends the command as commander does.
 */
export function makeLoadCommand(command: Command): Command {
  return addLoadFlags(command).action(async () => {
    const options = readLoadOptions(command, process.env);
    const { runLoadCommand } = await import('./load-main.js');
    process.exitCode = await runLoadCommand(options, callerOf(command));
  });
}
