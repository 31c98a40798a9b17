import { constants } from 'node:os';

/** The exit statuses of all commands. */
export const EXIT = {
  /** All is done: every entry was confirmed. */
  done: 0,
  /** Not all is done: entries were not confirmed, or were refused. */
  incomplete: 1,
  /** The command line or a configuration cannot be used. Nothing was begun. */
  usage: 2,
  /** It could not begin or go on: a file, an address or an indexer. */
  failed: 3,
} as const;

/** What each status means, for the manual page. */
export const EXIT_MEANINGS: readonly (readonly [status: string, meaning: string])[] = [
  [`${EXIT.done}`, 'All is done: every entry was confirmed, or everything was read'],
  [
    `${EXIT.incomplete}`,
    'Not all is done: entries were not confirmed, or a part could not be read',
  ],
  [`${EXIT.usage}`, 'The command line or a configuration cannot be used. Nothing was begun'],
  [`${EXIT.failed}`, 'It could not begin or go on: a file, an address or an indexer'],
  ['130, 143', 'A second SIGINT or SIGTERM ended ship at once, or SIGINT ended load or tune'],
];

/** A status of {@link EXIT}, or one of {@link exitStatusOf}. */
export type ExitStatus = number;

/** The status of a process that a signal ended, by the custom of shells: 128 and the signal's number. */
export function exitStatusOf(signal: 'SIGINT' | 'SIGTERM'): ExitStatus {
  return 128 + constants.signals[signal];
}
