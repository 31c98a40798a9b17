import type { CacheHost } from './cache-host.js';

/** The shortest time between two lines in the log, in milliseconds. */
const LOG_MS = 1000;

/** Counts what was dropped to make room, and logs it at most once a second. */
export class DropCounter {
  readonly #host: CacheHost;
  #entries = 0;
  #copies = 0;
  /** How many dropped segments are not logged yet. */
  #segments = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: CacheHost) {
    this.#host = host;
  }

  /** How many of the dropped entries were only in the cache. */
  get entries(): number {
    return this.#entries;
  }

  /** How many of the dropped entries are also in rings, or were. */
  get copies(): number {
    return this.#copies;
  }

  /** A segment was dropped. */
  add(entries: number, copies: number): void {
    this.#entries += entries;
    this.#copies += copies;
    this.#segments++;
    this.#timer ??= setTimeout(() => this.log(), LOG_MS).unref();
  }

  /** Logs what is not logged yet. */
  log(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#segments === 0) return;
    const counts = { segments: this.#segments, droppedEntries: this.#entries };
    this.#segments = 0;
    this.#host.warn(
      { ...counts, droppedCopies: this.#copies },
      'the cache dropped its oldest segments to make room: raise cache.maxBytes',
    );
  }
}
