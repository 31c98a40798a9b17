import type { FrameBlock } from './block-builder.js';
import type { PendingEntries } from './pending-entries.js';
import type { Store } from './store.js';

/**
 * `copies` are of what is in rings too, `refused` of what every indexer refuses; `overflow` is nowhere
 * else, and `leftovers` neither, when the muxer closes.
 */
export type SegmentUse = 'copies' | 'refused' | 'overflow' | 'leftovers';

/** Appends blocks to the store. A segment has one use only, so that each is removed as soon as it can. */
export class Appender {
  readonly #store: Store;
  readonly #pending: PendingEntries;
  #lastUse: SegmentUse | undefined;

  constructor(store: Store, pending: PendingEntries) {
    this.#store = store;
    this.#pending = pending;
  }

  /** Appends copies of entries that are elsewhere, too. @returns the key of the block */
  append(use: SegmentUse, block: FrameBlock): number {
    const isFirst = this.#lastUse !== use;
    this.#lastUse = use;
    return this.#store.append({ ...block, isFirst });
  }

  /** Appends entries that are nowhere else. */
  appendPending(use: SegmentUse, block: FrameBlock): void {
    const { memory, bytes, count } = block;
    const key = this.append(use, block);
    this.#pending.appended(key, Buffer.from(memory, 0, bytes), count);
  }

  /** Ends the segment at hand: the next block begins one, whatever its use is. */
  seal(): void {
    this.#store.seal();
    this.#lastUse = undefined;
  }
}
