import { Timestamp } from '@ringest/codec';
import type { LogLevel } from '../configuration/configuration.js';
import { ConfigurationError } from '../errors.js';
import type { LogFields, SelfLog } from './self-log.js';

/** pino's numbers of levels. */
const PINO_WARN = 40;
const PINO_INFO = 30;
const PINO_ERROR = 50;

/** Ingests the records of a pino logger as lines of the self log. */
export class LogStream {
  readonly #log: SelfLog;

  /** @throws {ConfigurationError} the self log is not ingested */
  constructor(log: SelfLog) {
    if (!log.ingests) {
      throw new ConfigurationError('selfIngest', 'logStream() needs a self log that is ingested');
    }
    this.#log = log;
  }

  /**
   * Ingests what pino has written: a line of JSON for each record. A line that is no JSON object becomes the
   * message of a line with the level `info`. It never throws.
   */
  write(text: string): void {
    for (const line of `${text}`.split('\n')) {
      if (line !== '') this.#record(line);
    }
  }

  #record(line: string): void {
    const record = recordOf(line);
    if (record === undefined) {
      this.#log.record('info', Timestamp.now(), {}, line);
      return;
    }
    const { level, time, msg, pid: _pid, hostname: _hostname, v: _version, ...fields } = record;
    const message = typeof msg === 'string' ? msg : '';
    this.#log.record(levelOf(level), timeOf(time), withoutStacks(fields), message);
  }
}

function recordOf(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    const isRecord = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isRecord ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}

function levelOf(level: unknown): LogLevel {
  if (typeof level !== 'number') return 'info';
  if (level >= PINO_ERROR) return 'error';
  if (level >= PINO_WARN) return 'warn';
  return level >= PINO_INFO ? 'info' : 'debug';
}

function timeOf(time: unknown): Timestamp {
  try {
    if (typeof time === 'number' || typeof time === 'string') return Timestamp.from(time);
  } catch {
    // A time that the user's logger writes in its own way.
  }
  return Timestamp.now();
}

/** Errors as the self log has them: their message, and their code if they have one. */
function withoutStacks(fields: LogFields): LogFields {
  const plain: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(fields)) {
    const { message, stack, code } = (value ?? {}) as Partial<NodeJS.ErrnoException>;
    const isError = typeof message === 'string' && typeof stack === 'string';
    plain[name] = isError ? message : value;
    if (isError && code !== undefined) plain[`${name}.code`] = code;
  }
  return plain;
}
