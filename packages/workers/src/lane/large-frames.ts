import { LARGE_BYTES } from '../ring/ring.js';
import type { SharedMemoryPool } from '../ring/shared-memory.js';

/** A frame too large for the ring, in shared memory. `end` is where the reference to it ends in the ring. */
interface LargeFrame {
  readonly frame: Buffer;
  readonly end: number;
}

/** The large frames of a lane, on the main thread, until their references in the ring are released. */
export class LargeFrames {
  readonly #memory: Pick<SharedMemoryPool, 'free'>;
  readonly #frames = new Map<number, LargeFrame>();
  #bytes = 0;
  #nextKey = 1;
  #addedBytes = 0;

  /** @param memory gets the memory of the frames back */
  constructor(memory: Pick<SharedMemoryPool, 'free'>) {
    this.#memory = memory;
  }

  /** The key of the next frame. */
  get nextKey(): number {
    return this.#nextKey;
  }

  get isEmpty(): boolean {
    return this.#frames.size === 0;
  }

  /** Bytes of all frames that are here now. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes of all frames ever added, less the bytes of their references in the ring. */
  get addedBytes(): number {
    return this.#addedBytes;
  }

  /** Bytes of the frames whose references end at or before a cursor. */
  bytesUpTo(cursor: number): number {
    let bytes = 0;
    for (const { frame, end } of this.#frames.values()) {
      if (((cursor - end) | 0) >= 0) bytes += frame.length;
    }
    return bytes;
  }

  /** Adds a frame with the key `nextKey`. Its reference ends at cursor `end`. */
  add(frame: Buffer, end: number): void {
    this.#frames.set(this.#nextKey, { frame, end });
    this.#nextKey = (this.#nextKey % 0xffffffff) + 1;
    this.#bytes += frame.length;
    this.#addedBytes += frame.length - LARGE_BYTES;
  }

  get(key: number): Buffer | undefined {
    return this.#frames.get(key)?.frame;
  }

  /** Removes a frame whose memory belongs to another lane now. */
  forget(key: number): void {
    this.#bytes -= this.get(key)?.length ?? 0;
    this.#frames.delete(key);
  }

  /** Frees the memory of frames whose references are released; these are the oldest ones. */
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
