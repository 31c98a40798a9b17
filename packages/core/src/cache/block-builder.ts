import { type SharedMemoryPool, sharedBytesOf } from '@ringest/workers';

/** The size of a block in bytes, unless segments must be smaller. */
const BLOCK_BYTES = 1048576;

/** Frames on their way to the disk, unstamped and back to back in shared memory. */
export interface FrameBlock {
  readonly memory: SharedArrayBuffer;
  readonly offset: 0;
  readonly bytes: number;
  readonly count: number;
  /** Whether the block begins a segment. Default: `false`. */
  readonly isFirst?: boolean;
  /** The order of its segment, see `CacheSegment`; `undefined`: the number of the segment. */
  readonly order?: number | undefined;
}

/** Gathers frames into blocks. */
export class BlockBuilder {
  readonly #pool: SharedMemoryPool;
  readonly #blockBytes: number;
  readonly #full: (block: FrameBlock) => void;
  #memory: Buffer | undefined;
  #bytes = 0;
  #count = 0;

  /**
   * @param mostBytes the most bytes of a block, unless a single frame has more
   * @param full receives each block, and returns its memory to the pool later
   */
  constructor(pool: SharedMemoryPool, mostBytes: number, full: (block: FrameBlock) => void) {
    this.#pool = pool;
    this.#blockBytes = Math.min(BLOCK_BYTES, mostBytes);
    this.#full = full;
  }

  /** How many bytes are gathered. */
  get bytes(): number {
    return this.#bytes;
  }

  /** How many entries are gathered. */
  get entries(): number {
    return this.#count;
  }

  /** Copies frames. All of them are in the same block. */
  add(frames: readonly Uint8Array[], count: number): void {
    const bytes = frames.reduce((sum, { length }) => sum + length, 0);
    if (this.#memory !== undefined && this.#bytes + bytes > this.#memory.length) this.flush();
    this.#memory ??= this.#pool.allocate(Math.max(this.#blockBytes, bytes));
    for (const piece of frames) {
      // Native, where `set` would copy shared memory byte by byte.
      this.#memory.fill(piece, this.#bytes, this.#bytes + piece.length);
      this.#bytes += piece.length;
    }
    this.#count += count;
  }

  /** Makes a block of what is gathered. */
  flush(): void {
    if (this.#memory === undefined) return;
    const memory = sharedBytesOf(this.#memory);
    const block = { memory, offset: 0, bytes: this.#bytes, count: this.#count } as const;
    this.#memory = undefined;
    this.#bytes = 0;
    this.#count = 0;
    this.#full(block);
  }
}
