import { retagFrame, type SharedMemoryPool } from '@ringest/workers';
import type { RefusedFrames } from '../placing/refused-frames.js';
import type { Appender } from './appender.js';
import { BlockBuilder } from './block-builder.js';
import type { RefusedCopies } from './refused-copies.js';
import type { Store } from './store.js';

/** Stores refused frames in segments of their own, so that the segments they came from can be removed. */
export class RefusedKeeper {
  readonly #refused: RefusedFrames;
  readonly #copies: RefusedCopies;
  readonly #appender: Appender;
  readonly #store: Store;
  readonly #builder: BlockBuilder;
  /** The frames in the block that is being built. */
  #frames: Buffer[] = [];

  /** @param mostBytes the most bytes of a block, unless a single frame has more */
  constructor(
    parts: {
      readonly refused: RefusedFrames;
      readonly copies: RefusedCopies;
      readonly appender: Appender;
      readonly store: Store;
      readonly pool: SharedMemoryPool;
    },
    mostBytes: number,
  ) {
    this.#refused = parts.refused;
    this.#copies = parts.copies;
    this.#appender = parts.appender;
    this.#store = parts.store;
    this.#builder = new BlockBuilder(parts.pool, mostBytes, (block) => {
      const key = this.#appender.append('refused', block);
      this.#copies.appended(key, this.#frames);
      this.#frames = [];
    });
  }

  /** Forgets copies of frames that are not refused any more. */
  forgetOthers(): void {
    this.#copies.retain(this.#refused.frames);
  }

  /** Stores copies of the refused frames that have none. Resolves when all of them are stored. */
  async keep(): Promise<void> {
    this.forgetOthers();
    const fresh = this.#copies.without(this.#refused.frames);
    if (fresh.length === 0) return;
    for (const { frame, entries, tag } of fresh) {
      retagFrame(frame, tag);
      this.#builder.add([frame], entries);
      this.#frames.push(frame);
    }
    this.#builder.flush();
    const { lastKey } = this.#store;
    // With the limit they could wait for room, which the caller makes only after this.
    this.#store.limit(false);
    await this.#store.until(() => this.#store.storedKey >= lastKey);
    this.#store.limit(true);
  }
}
