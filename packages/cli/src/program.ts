import { CommanderError } from 'commander';
import { createProgram } from './create-program.js';
import { exitStatusOfError } from './errors.js';
import { EXIT } from './exit-status.js';
import { letReadersLeave } from './output.js';

letReadersLeave();
const program = createProgram();

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = statusOf(error);
}

/** Says what is wrong, unless commander has, and returns the status. */
function statusOf(error: unknown): number {
  // Help that was asked for, and the version, are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage;
  const status = exitStatusOfError(error);
  if (status === undefined) throw error;
  process.stderr.write(`ringest: ${(error as Error).message}\n`);
  return status;
}
