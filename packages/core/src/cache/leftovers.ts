import { type DetachedFrame, retagFrame, type SharedMemoryPool } from '@ringest/workers';
import type { Appender } from './appender.js';
import { BlockBuilder, type FrameBlock } from './block-builder.js';
import type { PendingEntries } from './pending-entries.js';
import type { Store } from './store.js';

/**
 * Entries that were on their way to an indexer when the muxer closes. They are older than those that wait in
 * the cache, so the next run must read them first. Blocks are gathered until their order is known.
 */
export class Leftovers {
  readonly #store: Store;
  readonly #pending: PendingEntries;
  readonly #appender: Appender;
  readonly #builder: BlockBuilder;
  #blocks: FrameBlock[] = [];

  /** @param mostBytes the most bytes of a block, unless a single frame has more */
  constructor(
    parts: {
      readonly store: Store;
      readonly pending: PendingEntries;
      readonly appender: Appender;
      readonly pool: SharedMemoryPool;
    },
    mostBytes: number,
  ) {
    this.#store = parts.store;
    this.#pending = parts.pending;
    this.#appender = parts.appender;
    this.#builder = new BlockBuilder(parts.pool, mostBytes, (block) => this.#blocks.push(block));
  }

  /** How many entries are gathered. */
  get entries(): number {
    return this.#blocks.reduce((sum, { count }) => sum + count, this.#builder.entries);
  }

  /** How many bytes their frames have. */
  get bytes(): number {
    return this.#blocks.reduce((sum, { bytes }) => sum + bytes, this.#builder.bytes);
  }

  /** Copies a frame. */
  add({ frame, entries, tag }: DetachedFrame): void {
    // A large frame that was sent still has the tag of its indexer.
    retagFrame(frame, tag);
    this.#builder.add([frame], entries);
  }

  /** Appends all that is gathered, oldest first, with an order before what waits in the cache. */
  append(): void {
    const order = this.#store.isRead ? this.#pending.orderBefore : undefined;
    this.#builder.flush();
    const blocks = this.#blocks;
    this.#blocks = [];
    for (const block of blocks) this.#appender.appendPending('leftovers', { ...block, order });
  }
}
