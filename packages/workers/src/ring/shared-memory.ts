import { reserve } from '../system-limit.js';

/** Allocations are multiples of this, so that the memory fits the next frame too. */
const GRAIN = 1048576;
/** The most free memory that is kept, in bytes. */
const MAX_FREE = 64 * 1048576;

/**
 * A pool of shared memory for large frames. Without it, the garbage collector would free shared memory
 * late: it does not see that a few small objects hold gigabytes.
 */
export class SharedMemoryPool {
  readonly #free: SharedArrayBuffer[] = [];
  #freeBytes = 0;

  /**
   * Allocates a buffer. Its content is undefined.
   * @throws {SystemLimitError}
   */
  allocate(bytes: number): Buffer {
    const room = this.takeFree(bytes) ?? create(Math.ceil(bytes / GRAIN) * GRAIN);
    return Buffer.from(room, 0, bytes);
  }

  /** Takes memory of so many bytes or more out of the pool; `undefined`: none is free. */
  takeFree(bytes: number): SharedArrayBuffer | undefined {
    // The memory that was used last is still in the processor's caches.
    const index = this.#free.findLastIndex((memory) => memory.byteLength >= bytes);
    const [memory] = index === -1 ? [] : this.#free.splice(index, 1);
    if (memory !== undefined) this.#freeBytes -= memory.byteLength;
    return memory;
  }

  /** Takes back a buffer that is not used any more. */
  free(buffer: Buffer): void {
    const memory = sharedBytesOf(buffer);
    this.#free.push(memory);
    this.#freeBytes += memory.byteLength;
    while (this.#freeBytes > MAX_FREE) this.#freeBytes -= this.#free.shift()?.byteLength ?? 0;
  }
}

function create(bytes: number): SharedArrayBuffer {
  return reserve('memory', `${bytes} bytes to share`, () => new SharedArrayBuffer(bytes));
}

/** The memory of a buffer that a pool made. */
export function sharedBytesOf(buffer: Buffer): SharedArrayBuffer {
  return buffer.buffer as ArrayBufferLike as SharedArrayBuffer;
}
