const SMALLEST = 1024;
/** Memory up to this size stays. */
const MOST_SPARE = 65_536;

/**
 * The beginning of a line whose end has not come yet. The memory grows by doubling, and is used again: at
 * most 64 KiB stay, or four times what is kept.
 */
export class UnfinishedLine {
  #memory = Buffer.allocUnsafeSlow(SMALLEST);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** What is kept; void after the next call of a method that changes it. */
  get bytes(): Buffer {
    return this.#memory.subarray(0, this.#length);
  }

  append(bytes: Uint8Array): void {
    const length = this.#length + bytes.length;
    if (length > this.#memory.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, 2 * this.#memory.length));
      grown.set(this.bytes);
      this.#memory = grown;
    }
    this.#memory.set(bytes, this.#length);
    this.#length = length;
  }

  /** Keeps nothing but these bytes, which may be some of those that it has. */
  keep(bytes: Uint8Array): void {
    const isSpare = this.#memory.length > Math.max(MOST_SPARE, 4 * bytes.length);
    if (isSpare) this.#memory = Buffer.allocUnsafeSlow(Math.max(SMALLEST, bytes.length));
    this.#length = 0;
    this.append(bytes);
  }
}
