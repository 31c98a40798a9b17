import type { SharedMemoryPool } from '@ringest/workers';
import { BlockBuilder, type FrameBlock } from './block-builder.js';

/**
 * What a muxer leaves when it closes, and was under way to an indexer: it is older than what waits in
 * the cache. Its blocks are gathered until it is known where the next run has to read them.
 */
export class Leftovers {
  readonly #writer: BlockBuilder;
  #blocks: FrameBlock[] = [];

  constructor(pool: SharedMemoryPool, mostBytes: number) {
    this.#writer = new BlockBuilder(pool, mostBytes, (block) => this.#blocks.push(block));
  }

  /** Entries that are gathered. */
  get entries(): number {
    return this.#blocks.reduce((sum, { count }) => sum + count, this.#writer.entries);
  }

  /** Bytes of their frames. */
  get bytes(): number {
    return this.#blocks.reduce((sum, { bytes }) => sum + bytes, this.#writer.bytes);
  }

  /** Copies a frame. */
  add(frame: Uint8Array): void {
    this.#writer.add([frame], 1);
  }

  /** Takes out all blocks, oldest first. */
  take(): readonly FrameBlock[] {
    this.#writer.flush();
    const blocks = this.#blocks;
    this.#blocks = [];
    return blocks;
  }
}
