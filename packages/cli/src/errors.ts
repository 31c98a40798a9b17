import { RingestError } from '@ringest/codec';
import { EXIT, type ExitStatus } from './exit-status.js';

/** A flag, or flags together, that cannot be used. Nothing was begun. */
export class UsageError extends RingestError {
  readonly code = 'ERR_USAGE';
}

/** A command that could not begin or go on, such as a file that cannot be read. */
export class CommandError extends RingestError {
  readonly code = 'ERR_COMMAND';
}

/** An input that cannot be read further: nobody can say where its next entry begins. */
export class InputError extends RingestError {
  readonly code = 'ERR_INPUT';
}

/** The codes of errors that say what is wrong with a command line or with a configuration. */
const USAGE_CODES: ReadonlySet<string> = new Set([
  'ERR_USAGE',
  'ERR_SECRET',
  'ERR_CONFIG_FILE',
  'ERR_CONFIGURATION',
  'ERR_INVALID_OPTION',
  'ERR_INVALID_ADDRESS',
  'ERR_RELAY_OPTION',
  'ERR_INVALID_SOURCE',
  'ERR_INVALID_TIME_FORMAT',
  'ERR_INVALID_TIME_ZONE',
  'ERR_UNKNOWN_TIME_FORMAT',
  'ERR_TIME_RANGE',
]);

/** The exit status that an error stands for; `undefined`: it is a fault of the program. */
export function exitStatusOfError(error: unknown): ExitStatus | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code, syscall } = error as NodeJS.ErrnoException;
  if (code !== undefined && USAGE_CODES.has(code)) return EXIT.usage;
  // The system has refused something, such as a file that is missing or an address that is in use.
  return error instanceof RingestError || syscall !== undefined ? EXIT.failed : undefined;
}
