import { LARGE_BYTES } from '../ring/ring.js';
import type { SharedMemoryPool } from '../ring/shared-memory.js';

/** A frame too large for the ring, in shared memory, and where the reference to it ends there. */
interface LargeFrame {
  readonly frame: Buffer;
  readonly end: number;
}

/** The main thread's frames that are too large for a lane's ring, until their references are released. */
export class LargeFrames {
  readonly #memory: SharedMemoryPool;
  readonly #frames = new Map<number, LargeFrame>();
  #bytes = 0;
  #nextKey = 1;
  #addedBytes = 0;

  /** @param memory where the frames come from and go back to */
  constructor(memory: SharedMemoryPool) {
    this.#memory = memory;
  }

  /** The key of the next frame. */
  get nextKey(): number {
    return this.#nextKey;
  }

  get isEmpty(): boolean {
    return this.#frames.size === 0;
  }

  /** Bytes of the frames that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of all frames ever added, without those that their references take in the ring. */
  get addedBytes(): number {
    return this.#addedBytes;
  }

  /** Bytes of frames whose references end in front of a cursor or at it. */
  bytesUpTo(cursor: number): number {
    let bytes = 0;
    for (const { frame, end } of this.#frames.values()) {
      if (((cursor - end) | 0) >= 0) bytes += frame.length;
    }
    return bytes;
  }

  /** Keeps a frame under `nextKey`; its reference ends at cursor `end`. */
  add(frame: Buffer, end: number): void {
    this.#frames.set(this.#nextKey, { frame, end });
    this.#nextKey = (this.#nextKey % 0xffffffff) + 1;
    this.#bytes += frame.length;
    this.#addedBytes += frame.length - LARGE_BYTES;
  }

  get(key: number): Buffer | undefined {
    return this.#frames.get(key)?.frame;
  }

  /** A frame is somebody else's now. */
  forget(key: number): void {
    this.#bytes -= this.get(key)?.length ?? 0;
    this.#frames.delete(key);
  }

  /** Gives the memory of those back whose references are released, which are the oldest. */
  dropReleased(released: number): void {
    for (const [key, { frame, end }] of this.#frames) {
      if (((released - end) | 0) < 0) return;
      this.forget(key);
      this.#memory.free(frame);
    }
  }

  *[Symbol.iterator](): IterableIterator<[key: number, frame: Buffer]> {
    for (const [key, { frame }] of this.#frames) yield [key, frame];
  }
}
