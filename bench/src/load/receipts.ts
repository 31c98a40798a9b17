import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { type IngestMuxer, MAX_TIMER_MS } from '@ringest/core';

/**
 * Keeps what a muxer with a journal returns for each write, a promise that resolves once the entries
 * are on the disk, instead of waiting for each: that would be a wait for the disk at every write.
 * Only a muxer that has enough to do is waited for.
 */
export class Receipts {
  readonly #muxer: IngestMuxer;
  readonly #entryBytes: number;
  readonly #signal: AbortSignal | undefined;
  readonly #resolved: (through: number) => void;
  /** The writes of one turn of the event loop share a promise. */
  #last: { readonly written: Promise<void>; through: number } | undefined;

  /**
   * @param entryBytes bytes of data of each entry
   * @param signal ends a wait early
   * @param resolved called with the end of the writes that have resolved, as {@link take} got it
   */
  constructor(
    muxer: IngestMuxer,
    entryBytes: number,
    signal?: AbortSignal,
    resolved: (through: number) => void = () => {},
  ) {
    this.#muxer = muxer;
    this.#entryBytes = entryBytes;
    this.#signal = signal;
    this.#resolved = resolved;
  }

  /**
   * Takes what a write returned.
   * @param through up to which entry everything is written by now
   * @returns what to wait for before the next write
   */
  readonly take = (written: Promise<void>, through: number): Promise<void> | undefined => {
    if (this.#last?.written === written) this.#last.through = through;
    else this.#keep(written, through);
    return this.#muxer.willBlock(this.#entryBytes) ? this.#drained() : undefined;
  };

  /**
   * Resolves once all that was taken has.
   * @param timeoutMs milliseconds after which it rejects
   */
  async settled(timeoutMs: number): Promise<void> {
    const isOver = new AbortController();
    const longest = Math.min(timeoutMs, MAX_TIMER_MS);
    const tooLate = delay(longest, undefined, { signal: isOver.signal }).then(() => {
      throw new Error(`a write has not resolved within ${timeoutMs} ms`);
    });
    await Promise.race([this.#last?.written, tooLate]).finally(() => isOver.abort());
  }

  #keep(written: Promise<void>, through: number): void {
    const receipt = { written, through };
    this.#last = receipt;
    // Later ones fail with it, so that `settled` tells.
    written.then(
      () => this.#resolved(receipt.through),
      () => {},
    );
  }

  /** An abort is seen by who writes. */
  async #drained(): Promise<void> {
    const signal = this.#signal;
    await once(this.#muxer, 'drain', signal && { signal }).catch(() => {});
  }
}
