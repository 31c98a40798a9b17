import { types } from 'node:util';
import { Timestamp, type UnixTime } from '@ringest/codec';
import type { Logger } from 'pino';
import type { LogLevel } from '../configuration/configuration.js';
import { formatSyslog, SEVERITIES } from './syslog-text.js';

/** How the lines of the log are ingested. */
export interface LogIngest {
  /** Lines that are less severe are not ingested. */
  readonly level: LogLevel;
  readonly appName: string;
  readonly hostname: string;
  /**
   * Takes a line. `false`: not now; it is offered again, before any later one, at the next line and
   * at the next {@link SelfLog.flush}. A line that makes it throw is given up.
   */
  write(time: UnixTime, text: string): boolean;
}

export interface OwnLogOptions {
  /** Gets every line; it chooses by its own level. */
  readonly logger: Pick<Logger, 'info' | 'warn' | 'error'> & Partial<Pick<Logger, 'debug'>>;
  /** Lines are ingested as well. */
  readonly ingest?: LogIngest | undefined;
}

/** What goes with a message; an error as `err`. */
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
 * The log of ringest itself. A line goes to the user's logger, and as RFC 5424 text to `ingest`.
 * What cannot be ingested yet waits, in order and within bounds: the oldest lines are dropped, and
 * the next one that gets through is preceded by one that says how many.
 *
 * Logging never throws: what fails is told once, as a warning of the process. A line that is logged
 * while the logger or `ingest` has one in hand is caused by that one, and does not go there again.
 */
export class SelfLog {
  readonly #logger: OwnLogOptions['logger'];
  readonly #ingest: LogIngest | undefined;
  readonly #waiting: Line[] = [];
  #waitingBytes = 0;
  #dropped = 0;
  /** Lines that were dropped since the last line about it. */
  #untold = 0;
  #ingested = 0;
  #hasEnded = false;
  #isLogging = false;
  #isIngesting = false;
  readonly #warned = new Set<string>();

  constructor({ logger, ingest }: OwnLogOptions) {
    this.#logger = logger;
    this.#ingest = ingest;
  }

  /** Lines that wait to be ingested. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Lines that should have been ingested and never will be. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Lines that were ingested, those about dropped ones among them. */
  get ingested(): number {
    return this.#ingested;
  }

  /** Goes nowhere if the user's logger knows no such level and nothing so slight is ingested. */
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

  /** Ingests what waits, as far as that is possible now. */
  flush(): void {
    if (this.#ingest === undefined || this.#isIngesting) return;
    this.#isIngesting = true;
    try {
      this.#ingestWaiting(this.#ingest);
    } finally {
      this.#isIngesting = false;
    }
  }

  /** From now on lines go to the user's logger alone. What still waits counts as dropped. */
  end(): void {
    this.#hasEnded = true;
    this.#dropped += this.#waiting.length;
    this.#waiting.length = 0;
    this.#waitingBytes = 0;
  }

  #log(level: LogLevel, fields: LogFields, message: string): void {
    this.#tellLogger(level, fields, message);
    const ingest = this.#ingest;
    if (ingest === undefined || SEVERITIES[level] > SEVERITIES[ingest.level]) return;
    if (this.#isIngesting || this.#hasEnded) return;
    this.#isIngesting = true;
    try {
      const line = lineOf(ingest, Timestamp.now(), level, fields, message);
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

  #tellLogger(level: LogLevel, fields: LogFields, message: string): void {
    if (this.#isLogging) return;
    this.#isLogging = true;
    const failed = (error: unknown) => this.#warnOnce('the logger that was given failed', error);
    try {
      const told: unknown = this.#logger[level]?.(fields, message);
      if (types.isPromise(told)) told.catch(failed);
    } catch (error) {
      failed(error);
    } finally {
      this.#isLogging = false;
    }
  }

  /** Whether nothing waits any more. */
  #ingestWaiting(ingest: LogIngest): boolean {
    for (let line = this.#waiting[0]; line !== undefined; line = this.#waiting[0]) {
      if (!this.#offer(ingest, line)) return false;
      this.#removeOldest();
    }
    return true;
  }

  /** Whether the line needs no other attempt: it was written, or is given up. */
  #offer(ingest: LogIngest, line: Line): boolean {
    if (this.#untold > 0) {
      const told = this.#write(ingest, lossLine(ingest, line.time, this.#untold));
      if (told === 'not now') return false;
      if (told === 'written') this.#untold = 0;
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
    this.#untold++;
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
