import type { LogFields, SelfLog } from './self-log.js';

/** The log of an ingester. No call of it throws: what cannot be written is a warning of the process. */
export class OwnLog {
  readonly #log: SelfLog;

  constructor(log: SelfLog) {
    this.#log = log;
  }

  /** Logs a line for developers. A logger without the level `debug` does not get it. */
  debug(message: string, fields: LogFields = {}): void {
    this.#log.debug(fields, `${message}`);
  }

  info(message: string, fields: LogFields = {}): void {
    this.#log.info(fields, `${message}`);
  }

  warn(message: string, fields: LogFields = {}): void {
    this.#log.warn(fields, `${message}`);
  }

  /** Logs a line about something that failed. The name of an error among the fields is `err`. */
  error(message: string, fields: LogFields = {}): void {
    this.#log.error(fields, `${message}`);
  }
}
