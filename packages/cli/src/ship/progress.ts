import type { IngestMuxer } from '@ringest/core';
import type { ListenStatus } from '../status/status-reply.js';
import type { EntryAccount } from './entries/entry-account.js';
import type { ListenAccount } from './listen/listen-account.js';
import type { PublisherCounts } from './queues/publisher.js';
import type { QueueCounts } from './queues/queue.js';

/** What a `ship` has done so far. */
export interface ShipStatus {
  readonly seconds: number;
  /** Bytes that were read. */
  readonly bytes: number;
  readonly entries: number;
  readonly confirmed: number;
  readonly refused: number;
  /** Datagrams that found no room, here or in the kernel. */
  readonly dropped: number;
  /** How often a step, such as a function of `--process`, has thrown. */
  readonly failedSteps: number;
  /** Connections that may ingest. */
  readonly hot: number;
  /** It is missing without listeners. */
  readonly listeners?: ListenStatus;
}

/** Counts of queues, where there are any. */
export interface OtherCounts {
  readonly queues?: readonly QueueCounts[];
  readonly to?: PublisherCounts;
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
  readonly #listening: ListenAccount;
  readonly #json: boolean;
  /** A dumb terminal cannot erase a line. */
  readonly #isShown = process.stderr.isTTY === true && TERM !== 'dumb';
  readonly #start = performance.now();
  #muxer: IngestMuxer | undefined;
  #others: () => OtherCounts = () => ({});
  #timer: NodeJS.Timeout | undefined;

  constructor(account: EntryAccount, listening: ListenAccount, json: boolean) {
    this.#account = account;
    this.#listening = listening;
    this.#json = json;
    if (json) this.#timer = setInterval(() => this.#print('progress'), JSON_MS);
    else if (this.#isShown) this.#timer = setInterval(() => this.#draw(), TERMINAL_MS);
    this.#timer?.unref();
  }

  /** @param others what else is counted */
  follow(muxer: IngestMuxer, others: () => OtherCounts): void {
    this.#muxer = muxer;
    this.#others = others;
  }

  status(): ShipStatus {
    const { bytes, entries, refused, failedSteps } = this.#account;
    const listeners = this.#listening.status();
    const dropped = listeners?.dropped ?? 0;
    const { confirmedEntries = 0, hot = 0 } = this.#muxer?.stats() ?? {};
    const seconds = Math.round(performance.now() - this.#start) / 1000;
    const counts = { bytes, entries, confirmed: confirmedEntries, refused, dropped, failedSteps };
    return { seconds, ...counts, hot, ...(listeners === undefined ? {} : { listeners }) };
  }

  /** What became of messages, for people. */
  queueSentences(): string[] {
    const { queues = [], to } = this.#others();
    const pulled = queues.map(
      ({ pulled, acknowledged, redelivered, terminated, undated }) =>
        `${pulled} messages pulled, ${acknowledged} acknowledged, ${redelivered} redelivered, ` +
        `${terminated} terminated${undated === 0 ? '' : `, ${undated} undated`}`,
    );
    if (to === undefined) return pulled;
    const duplicates = to.duplicates === 0 ? [] : [`${to.duplicates} of them twice, and kept once`];
    return [...pulled, `${to.stored} stored`, ...duplicates];
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
    process.stdout.write(
      `${JSON.stringify({ event, ...this.status(), ...this.#others(), ...more })}\n`,
    );
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
