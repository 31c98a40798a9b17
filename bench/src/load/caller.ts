import type { Command } from 'commander';

/** What a command is called by: `pnpm`, or the program that it is a part of. */
export function callerOf(command: Command): string {
  return command.parent?.name() ?? 'pnpm';
}
