import type { IngestMuxer } from '@ringest/core';
import type { EntryAccount } from './entries/entry-account.js';

/** What a `ship` has done so far. */
export interface ShipStatus {
  readonly seconds: number;
  /** Bytes that were read. */
  readonly bytes: number;
  readonly entries: number;
  readonly confirmed: number;
  readonly refused: number;
  /** Datagrams that came while there was no room for them. */
  readonly dropped: number;
  /** How often a step, such as a function of `--process`, has thrown. */
  readonly failedSteps: number;
  /** Connections that may ingest. */
  readonly hot: number;
}

const TERMINAL_MS = 200;
const JSON_MS = 1000;
const { TERM } = process.env;
const ERASE_LINE = '\r\u001b[K';

/**
 * Shows how a `ship` goes: a line on a terminal that is drawn again and again, or a JSON object on standard
 * output each second.
 */
export class Progress {
  readonly #account: EntryAccount;
  readonly #json: boolean;
  /** A dumb terminal cannot erase a line. */
  readonly #isShown = process.stderr.isTTY === true && TERM !== 'dumb';
  readonly #start = performance.now();
  #muxer: IngestMuxer | undefined;
  #timer: NodeJS.Timeout | undefined;

  constructor(account: EntryAccount, json: boolean) {
    this.#account = account;
    this.#json = json;
    if (json) this.#timer = setInterval(() => this.#print('progress'), JSON_MS);
    else if (this.#isShown) this.#timer = setInterval(() => this.#draw(), TERMINAL_MS);
    this.#timer?.unref();
  }

  follow(muxer: IngestMuxer): void {
    this.#muxer = muxer;
  }

  status(): ShipStatus {
    const { bytes, entries, refused, dropped, failedSteps } = this.#account;
    const { confirmedEntries = 0, hot = 0 } = this.#muxer?.stats() ?? {};
    const seconds = Math.round(performance.now() - this.#start) / 1000;
    const counts = { bytes, entries, confirmed: confirmedEntries, refused, dropped, failedSteps };
    return { seconds, ...counts, hot };
  }

  /** Writes a line for people, above the one that is drawn again. */
  say(line: string): void {
    const erase = this.#timer !== undefined && !this.#json ? ERASE_LINE : '';
    process.stderr.write(`${erase}${line}\n`);
  }

  /** Says how it ended, and nothing more. */
  end(outcome: Readonly<Record<string, unknown>>, sentence: string): void {
    clearInterval(this.#timer);
    if (this.#json) this.#print('end', outcome);
    else this.say(sentence);
    this.#timer = undefined;
  }

  #print(event: string, more: Readonly<Record<string, unknown>> = {}): void {
    process.stdout.write(`${JSON.stringify({ event, ...this.status(), ...more })}\n`);
  }

  #draw(): void {
    const { seconds, bytes, entries, confirmed, hot } = this.status();
    const waits = hot === 0 ? ', no indexer is connected' : '';
    const line = `${entries} entries of ${megabytes(bytes)} read, ${confirmed} confirmed, ${seconds.toFixed(0)} s${waits}`;
    process.stderr.write(`${ERASE_LINE}${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
  }
}

export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(bytes < 1e7 ? 2 : 0)} MB`;
}
