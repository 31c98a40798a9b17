import { type DetachedFrame, retagFrame, type SharedMemoryPool } from '@ringest/workers';
import type { Appender } from './appender.js';
import { BlockBuilder, type FrameBlock } from './block-builder.js';
import type { PendingEntries } from './pending-entries.js';
import type { Store } from './store.js';

/**
 * What a muxer leaves when it closes, and was under way to an indexer: it is older than what waits in
 * the cache. Its blocks are gathered until it is known where the next run has to read them.
 */
export class Leftovers {
  readonly #store: Store;
  readonly #pending: PendingEntries;
  readonly #appender: Appender;
  readonly #builder: BlockBuilder;
  #blocks: FrameBlock[] = [];

  /** @param mostBytes that a block has, unless a single frame has more */
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

  /** Entries that are gathered. */
  get entries(): number {
    return this.#blocks.reduce((sum, { count }) => sum + count, this.#builder.entries);
  }

  /** Bytes of their frames. */
  get bytes(): number {
    return this.#blocks.reduce((sum, { bytes }) => sum + bytes, this.#builder.bytes);
  }

  /** Copies a frame. */
  add({ frame, entries, tag }: DetachedFrame): void {
    // A large one that was sent has the tag of its indexer still.
    retagFrame(frame, tag);
    this.#builder.add([frame], entries);
  }

  /** Appends all that is gathered, oldest first, to be read before what waits in the cache. */
  append(): void {
    const order = this.#store.isRead ? this.#pending.orderBefore : undefined;
    this.#builder.flush();
    const blocks = this.#blocks;
    this.#blocks = [];
    for (const block of blocks) this.#appender.appendPending('leftovers', { ...block, order });
  }
}
