import { types } from 'node:util';
import { Timestamp, type UnixTime } from '@ringest/codec';
import type { Logger } from 'pino';
import type { LogLevel } from '../configuration/configuration.js';
import { formatSyslog, SEVERITIES } from './syslog-text.js';

/** How the lines of the self log are ingested. */
export interface LogIngest {
  /** The lowest level that is ingested. */
  readonly level: LogLevel;
  readonly appName: string;
  readonly hostname: string;
  /**
   * Ingests a line. It returns `false` if that is not possible now: the line is offered again, before
   * any later one, with the next line and at the next {@link SelfLog.flush}. If it throws, the line is
   * dropped.
   */
  write(time: UnixTime, text: string): boolean;
}

/** The options of a {@link SelfLog}. */
export interface SelfLogOptions {
  /** The user's logger. It gets every line, and filters by its own level. */
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'> & Partial<Pick<Logger, 'debug'>>;
  /** How lines are ingested; `undefined`: they are not. */
  readonly ingest?: LogIngest | undefined;
}

/** The fields of a line, besides its message. An error has the name `err`. */
export type LogFields = Readonly<Record<string, unknown>>;

interface Line {
  readonly time: Timestamp;
  readonly text: string;
  readonly bytes: number;
}

/** The most lines that wait to be ingested, and the most bytes of them. */
const MAX_WAITING_LINES = 1000;
const MAX_WAITING_BYTES = 1024 * 1024;

/**
 * The log of ringest itself. A line goes to the user's logger, and as RFC 5424 text to `ingest`. Lines
 * that cannot be ingested yet wait in order. If too many wait, the oldest are dropped; before the next
 * line that is ingested comes one that says how many were dropped.
 *
 * Logging never throws: a failure becomes a warning of the process, once for each kind. A line that is
 * logged inside the logger or inside `ingest` was caused by it, and does not go there again.
 */
export class SelfLog {
  readonly #logger: SelfLogOptions['logger'];
  readonly #ingest: LogIngest | undefined;
  readonly #waiting: Line[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  /** Lines that were dropped since the last line that said so. */
  #unreported = 0;
  #ingested = 0;
  #hasEnded = false;
  #isLogging = false;
  #isIngesting = false;
  readonly #warned = new Set<string>();

  constructor({ logger, ingest }: SelfLogOptions) {
    this.#logger = logger;
    this.#ingest = ingest;
  }

  /** How many lines wait to be ingested. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** How many lines were dropped: they will never be ingested. */
  get dropped(): number {
    return this.#dropped;
  }

  /** How many lines were ingested, including those that say how many were dropped. */
  get ingested(): number {
    return this.#ingested;
  }

  /** Logs a line for developers. A logger without the level `debug` does not get it. */
  debug(fields: LogFields, message: string): void {
    this.#log('debug', fields, message);
  }

  info(fields: LogFields, message: string): void {
    this.#log('info', fields, message);
  }

  warn(fields: LogFields, message: string): void {
    this.#log('warn', fields, message);
  }

  error(fields: LogFields, message: string): void {
    this.#log('error', fields, message);
  }

  /** Whether lines are ingested at all. */
  get ingests(): boolean {
    return this.#ingest !== undefined;
  }

  /**
   * Ingests a line that a logger has written, and does not pass it to the user's logger. A line that the
   * user's logger writes for this log is ingested already, and is left out. After `end` it counts as dropped.
   */
  record(level: LogLevel, time: Timestamp, fields: LogFields, message: string): void {
    if (this.#isLogging) return;
    if (!this.#hasEnded) this.#ingestLine(level, time, fields, message);
    else if (this.#ingest !== undefined) this.#dropped++;
  }

  /** Ingests the waiting lines, as far as that is possible now. */
  flush(): void {
    if (this.#ingest === undefined || this.#isIngesting) return;
    this.#isIngesting = true;
    try {
      this.#ingestWaiting(this.#ingest);
    } finally {
      this.#isIngesting = false;
    }
  }

  /** Ends ingesting: later lines go only to the user's logger, and waiting lines count as dropped. */
  end(): void {
    this.#hasEnded = true;
    this.#dropped += this.#waiting.length;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }

  #log(level: LogLevel, fields: LogFields, message: string): void {
    this.#passToLogger(level, fields, message);
    if (!this.#hasEnded) this.#ingestLine(level, Timestamp.now(), fields, message);
  }

  #ingestLine(level: LogLevel, time: Timestamp, fields: LogFields, message: string): void {
    const ingest = this.#ingest;
    if (ingest === undefined || SEVERITIES[level] > SEVERITIES[ingest.level]) return;
    if (this.#isIngesting) return;
    this.#isIngesting = true;
    try {
      const line = lineOf(ingest, time, level, fields, message);
      const isDone = this.#ingestWaiting(ingest) && this.#offer(ingest, line);
      if (!isDone) this.#keep(line);
    } catch (error) {
      // Fields can throw when they are read.
      this.#drop();
      this.#warnOnce('a line could not be written as text', error);
    } finally {
      this.#isIngesting = false;
    }
  }

  #passToLogger(level: LogLevel, fields: LogFields, message: string): void {
    if (this.#isLogging) return;
    this.#isLogging = true;
    const failed = (error: unknown) => this.#warnOnce('the option logger failed', error);
    try {
      const result: unknown = this.#logger[level]?.(fields, message);
      if (types.isPromise(result)) result.catch(failed);
    } catch (error) {
      failed(error);
    } finally {
      this.#isLogging = false;
    }
  }

  /** Returns whether no line waits any more. */
  #ingestWaiting(ingest: LogIngest): boolean {
    for (let line = this.#waiting[0]; line !== undefined; line = this.#waiting[0]) {
      if (!this.#offer(ingest, line)) return false;
      this.#removeOldest();
    }
    return true;
  }

  /** Returns whether the line needs no other attempt: it was written, or dropped. */
  #offer(ingest: LogIngest, line: Line): boolean {
    if (this.#unreported > 0) {
      const report = this.#write(ingest, lossLine(ingest, line.time, this.#unreported));
      if (report === 'not now') return false;
      if (report === 'written') this.#unreported = 0;
    }
    const outcome = this.#write(ingest, line);
    if (outcome === 'failed') this.#drop();
    return outcome !== 'not now';
  }

  #write(ingest: LogIngest, { time, text }: Line): 'written' | 'not now' | 'failed' {
    try {
      if (!ingest.write(time, text)) return 'not now';
      this.#ingested++;
      return 'written';
    } catch (error) {
      this.#warnOnce('a line could not be ingested', error);
      return 'failed';
    }
  }

  #keep(line: Line): void {
    if (line.bytes > MAX_WAITING_BYTES) {
      this.#drop();
      return;
    }
    while (
      this.#waiting.length >= MAX_WAITING_LINES ||
      this.#waitingBytes + line.bytes > MAX_WAITING_BYTES
    ) {
      this.#removeOldest();
      this.#drop();
    }
    this.#waiting.push(line);
    this.#waitingBytes += line.bytes;
  }

  #removeOldest(): void {
    const oldest = this.#waiting.shift();
    this.#waitingBytes -= oldest?.bytes ?? 0;
  }

  #drop(): void {
    this.#dropped++;
    this.#unreported++;
  }

  #warnOnce(problem: string, error: unknown): void {
    if (this.#warned.has(problem)) return;
    this.#warned.add(problem);
    const reason = types.isNativeError(error)
      ? error.message
      : `it threw a value of type ${typeof error}`;
    process.emitWarning(`${problem}: ${reason}`, { type: 'RingestLogWarning' });
  }
}

function lineOf(
  { appName, hostname }: LogIngest,
  time: Timestamp,
  level: LogLevel,
  data: LogFields,
  message: string,
): Line {
  const processId = `${process.pid}`;
  const date = time.toDate();
  const rest = { hostname, appName, processId, messageId: '', data, message };
  const text = formatSyslog({ level, time: date, ...rest });
  return { time, text, bytes: Buffer.byteLength(text) };
}

function lossLine(ingest: LogIngest, time: Timestamp, dropped: number): Line {
  return lineOf(ingest, time, 'warn', { dropped }, 'lines of this log were dropped');
}
