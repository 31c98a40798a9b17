/** The largest buffer that is kept when it is empty. */
const KEPT_BYTES = 64 * 1024;

/**
 * A queue of bytes that arrived and were not read yet, in one piece. Its memory grows with what arrives,
 * never with what a length field claims: the capacity is at most twice the unread bytes, or
 * 64 KiB, plus the last chunk.
 */
export class ByteQueue {
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;
  #end = 0;

  /** How many bytes are unread. */
  get length(): number {
    return this.#end - this.#start;
  }

  /** The size of the buffer in bytes. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /**
   * Appends a copy of `chunk`. Buffers that {@link peek} and {@link take} returned before are no
   * longer valid.
   */
  push(chunk: Uint8Array): void {
    this.#makeRoom(chunk.length);
    this.#bytes.set(chunk, this.#end);
    this.#end += chunk.length;
  }

  /**
   * Returns the first `count` bytes, which must have arrived, without reading them. It is a view,
   * valid until the next push.
   */
  peek(count: number): Buffer {
    return this.#bytes.subarray(this.#start, this.#start + count);
  }

  /** Reads the first `count` bytes, which must have arrived. It returns a view, valid until the next push. */
  take(count: number): Buffer {
    const bytes = this.peek(count);
    this.#start += count;
    return bytes;
  }

  #makeRoom(count: number): void {
    const unread = this.length;
    if (unread === 0) {
      this.#start = 0;
      this.#end = 0;
      if (this.#bytes.length > Math.max(KEPT_BYTES, count)) this.#move(count);
    }
    if (this.#end + count <= this.#bytes.length) return;
    // Moving the bytes to the front is paid for by the bytes read since: at least half the buffer.
    if (unread + count <= this.#bytes.length && this.#start >= unread) {
      this.#bytes.copyWithin(0, this.#start, this.#end);
      this.#start = 0;
      this.#end = unread;
    } else {
      this.#move(Math.max(unread + count, 2 * unread));
    }
  }

  #move(capacity: number): void {
    const bytes = Buffer.allocUnsafeSlow(capacity);
    bytes.set(this.#bytes.subarray(this.#start, this.#end));
    this.#end -= this.#start;
    this.#start = 0;
    this.#bytes = bytes;
  }
}
