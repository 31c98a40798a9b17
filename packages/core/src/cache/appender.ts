import type { FrameBlock } from './block-builder.js';
import type { PendingEntries } from './pending-entries.js';
import type { Store } from './store.js';

/**
 * The use of a segment:
 * - `copies`: copies of entries that are in rings, for a journal
 * - `refused`: copies of entries that every indexer refuses
 * - `overflow`: entries that found no room, and are only here
 * - `leftovers`: entries that were in rings when the muxer closed, and are only here
 */
export type SegmentUse = 'copies' | 'refused' | 'overflow' | 'leftovers';

/** Appends blocks to the store. Each segment has one use, so that it can be removed as early as possible. */
export class Appender {
  readonly #store: Store;
  readonly #pending: PendingEntries;
  #lastUse: SegmentUse | undefined;

  constructor(store: Store, pending: PendingEntries) {
    this.#store = store;
    this.#pending = pending;
  }

  /**
   * Appends copies of entries that are also in memory.
   * @returns the key of the block
   */
  append(use: SegmentUse, block: FrameBlock): number {
    const isFirst = this.#lastUse !== use;
    this.#lastUse = use;
    return this.#store.append({ ...block, isFirst });
  }

  /** Appends entries that are only in the cache from now on. */
  appendPending(use: SegmentUse, block: FrameBlock): void {
    const { memory, bytes, count } = block;
    const key = this.append(use, block);
    this.#pending.appended(key, Buffer.from(memory, 0, bytes), count);
  }

  /** Ends the active segment: the next block begins another one. */
  seal(): void {
    this.#store.seal();
    this.#lastUse = undefined;
  }
}
