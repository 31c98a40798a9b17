import {
  type DetachedFrame,
  type FrameParts,
  type SharedMemoryPool,
  StagingRing,
} from '@ringest/workers';
import { BlockBuilder, type FrameBlock } from './block-builder.js';

/** Its blocks are as long as those of any lane. Of the memory, only what is in use is touched. */
const STAGING_BYTES = 2_097_152;

/** Takes what finds no room in any ring, and gathers it into blocks. `SpillDelay` says when. */
export class Spill {
  readonly #staging = new StagingRing(STAGING_BYTES);
  readonly #builder: BlockBuilder;

  /**
   * @param mostBytes that a block has, unless a single frame has more
   * @param append gets each block
   */
  constructor(pool: SharedMemoryPool, mostBytes: number, append: (block: FrameBlock) => void) {
    this.#builder = new BlockBuilder(pool, mostBytes, append);
  }

  /** Bytes that are gathered, and in no block yet. */
  get bytes(): number {
    return this.#builder.bytes + this.#staging.writer.uncommitted;
  }

  /** Entries that are gathered. */
  get entries(): number {
    return this.#builder.entries + this.#staging.entries;
  }

  /** @returns false when the entry is too large: it has to come as a frame */
  spill(parts: FrameParts): boolean {
    const { seconds, nanoseconds, tag, source, data, values } = parts;
    const { writer } = this.#staging;
    const write = () => writer.write(seconds, nanoseconds, tag, source, data, values);
    if (write()) return true;
    this.#unstage();
    return write();
  }

  /** Takes frames, and copies them. */
  add({ frame, entries }: DetachedFrame): void {
    this.#unstage();
    this.#builder.add([frame], entries);
  }

  /** Hands on what is gathered. */
  flush(): void {
    this.#unstage();
    this.#builder.flush();
  }

  #unstage(): void {
    const { entries } = this.#staging;
    if (entries === 0) return;
    this.#builder.add(this.#staging.frames(), entries);
    this.#staging.clear();
  }
}
