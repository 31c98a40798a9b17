import type { MuxerConfiguration } from '@ringest/core';
import { pino } from 'pino';

type Logger = NonNullable<MuxerConfiguration['logger']>;

/** A line of pino, as far as people are told of it. */
interface LogLine {
  readonly msg?: string;
  readonly err?: { readonly message?: string };
}

/** Gets the warnings and errors of a muxer, and writes them on standard error. */
export function shipLogger(write: (line: string) => void, json: boolean): Logger {
  return pino(
    { level: 'warn', base: null },
    { write: (line: string) => write(json ? line.trimEnd() : forPeople(JSON.parse(line))) },
  );
}

function forPeople({ msg = '', err }: LogLine): string {
  return `ringest: ${err?.message === undefined ? msg : `${msg}: ${err.message}`}`;
}
