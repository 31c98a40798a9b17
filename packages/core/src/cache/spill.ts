import {
  type DetachedFrame,
  type FrameParts,
  type SharedMemoryPool,
  StagingRing,
} from '@ringest/workers';
import { BlockBuilder, type FrameBlock } from './block-builder.js';

/**
 * The size of the buffer in which entries are encoded, in bytes. Its blocks are as long as those of any
 * lane. Of the memory, only what is in use is touched.
 */
const STAGING_BYTES = 2_097_152;
/** Bytes of frames after which they go to the block that is built. */
const MAX_STAGED_BYTES = 262_144;

/** Gathers entries that find no room in a ring into blocks for the disk. `SpillDelay` decides when. */
export class Spill {
  readonly #staging = new StagingRing(STAGING_BYTES);
  readonly #builder: BlockBuilder;

  /**
   * @param mostBytes the most bytes of a block, unless a single frame has more
   * @param append receives each block
   */
  constructor(pool: SharedMemoryPool, mostBytes: number, append: (block: FrameBlock) => void) {
    this.#builder = new BlockBuilder(pool, mostBytes, append);
  }

  /** How many bytes are gathered, and in no block yet. */
  get bytes(): number {
    return this.#builder.bytes + this.#staging.writer.uncommitted;
  }

  /** How many entries are gathered, and in no block yet. */
  get entries(): number {
    return this.#builder.entries + this.#staging.entries;
  }

  /**
   * Encodes an entry.
   * @returns `false`: the entry is too large, and must be added as a frame
   */
  spill(parts: FrameParts): boolean {
    const { seconds, nanoseconds, tag, source, data, values } = parts;
    const { writer } = this.#staging;
    const write = () => writer.write(seconds, nanoseconds, tag, source, data, values);
    if (writer.uncommitted >= MAX_STAGED_BYTES) this.#unstage();
    if (write()) return true;
    this.#unstage();
    return write();
  }

  /** Copies frames. */
  add({ frame, entries }: DetachedFrame): void {
    this.#unstage();
    this.#builder.add([frame], entries);
  }

  /** Makes a block of what is gathered. */
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
