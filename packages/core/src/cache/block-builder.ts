import { type SharedMemoryPool, sharedBytesOf } from '@ringest/workers';

/** Bytes after which a block is handed on, where a segment may be that long. */
const BLOCK_BYTES = 1048576;

/** Frames on their way to the disk, in shared memory. */
export interface FrameBlock {
  readonly memory: SharedArrayBuffer;
  readonly offset: 0;
  readonly bytes: number;
  readonly count: number;
  /** It begins a segment. */
  readonly isFirst?: boolean;
  /** Of its segment among the others, if it is not that of its number. */
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
   * @param mostBytes that a block has, unless a single frame has more
   * @param full gets each block; its memory is to be given back to the pool
   */
  constructor(pool: SharedMemoryPool, mostBytes: number, full: (block: FrameBlock) => void) {
    this.#pool = pool;
    this.#blockBytes = Math.min(BLOCK_BYTES, mostBytes);
    this.#full = full;
  }

  /** Bytes that are gathered. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Entries that are gathered. */
  get entries(): number {
    return this.#count;
  }

  /** Copies frames: all of them go to the same block. */
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

  /** Hands on what is gathered. */
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
