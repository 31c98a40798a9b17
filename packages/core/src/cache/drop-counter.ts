import type { CacheHost } from './cache-host.js';

/** How often what was dropped is logged, in milliseconds. */
const LOG_MS = 1000;

/** What was given up to make room: counted, and logged now and then. */
export class DropCounter {
  readonly #host: CacheHost;
  #entries = 0;
  #copies = 0;
  /** Not logged yet. */
  #segments = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(host: CacheHost) {
    this.#host = host;
  }

  /** Entries that were nowhere else. */
  get entries(): number {
    return this.#entries;
  }

  /** Copies of entries that lanes have got. */
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

  /** Logs what was not logged. */
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
