import type { Random } from '../support/random.js';

/**
 * A file in an operating system's cache and on the disk below it, page by page. A page on the disk
 * is always one that was written, as a whole; which one, is only certain after a sync.
 */
export class SimulatedFile {
  /** What programs see. */
  bytes: Buffer = Buffer.alloc(0);
  #durable: Buffer = Buffer.alloc(0);
  readonly #pageBytes: number;
  readonly #dirty = new Set<number>();

  constructor(pageBytes: number) {
    this.#pageBytes = pageBytes;
  }

  read(target: Uint8Array, at: number): number {
    const source = this.bytes.subarray(at, at + target.length);
    target.set(source);
    return source.length;
  }

  write(bytes: Uint8Array, at: number): number {
    const end = at + bytes.length;
    if (end > this.bytes.length) this.#resize(end);
    this.bytes.set(bytes, at);
    this.#mark(at, end);
    return bytes.length;
  }

  truncate(size: number): void {
    this.#resize(size);
    for (const page of this.#dirty) if (page * this.#pageBytes >= size) this.#dirty.delete(page);
  }

  sync(): void {
    this.#durable = resized(this.#durable, this.bytes.length);
    for (const page of this.#dirty) this.#persist(page);
    this.#dirty.clear();
  }

  /** A sync that fails may have written something, and the system may forget about the rest. */
  failSync(random: Random): void {
    if (random.chance(0.5)) this.#durable = resized(this.#durable, this.bytes.length);
    this.writeBack(random);
    if (random.chance(0.5)) this.#dirty.clear();
  }

  /**
   * Part of what is to be synced is on the disk at once, as it is now; the rest later, as it is then.
   * @returns ends it; what was written meanwhile may still be in the cache then
   */
  beginSync(random: Random): () => void {
    const isLengthDone = random.chance(0.5);
    if (isLengthDone) this.#durable = resized(this.#durable, this.bytes.length);
    this.writeBack(random);
    const left = [...this.#dirty];
    return () => {
      if (!isLengthDone) this.#durable = resized(this.#durable, this.bytes.length);
      for (const page of left) if (this.#dirty.delete(page)) this.#persist(page);
    };
  }

  writeBack(random: Random): void {
    for (const page of this.#dirty) {
      if (random.chance(0.5)) continue;
      this.#persist(page);
      this.#dirty.delete(page);
    }
  }

  cutPower(random: Random): void {
    if (random.chance(0.5)) this.#durable = resized(this.#durable, this.bytes.length);
    this.writeBack(random);
    this.bytes = Buffer.from(this.#durable);
    this.#dirty.clear();
  }

  #resize(size: number): void {
    const old = this.bytes.length;
    this.bytes = resized(this.bytes, size);
    if (size < old && size % this.#pageBytes > 0) this.#mark(size - 1, size);
  }

  #mark(from: number, to: number): void {
    const last = Math.floor((to - 1) / this.#pageBytes);
    for (let page = Math.floor(from / this.#pageBytes); page <= last; page++) this.#dirty.add(page);
  }

  #persist(page: number): void {
    const start = page * this.#pageBytes;
    const end = Math.min(start + this.#pageBytes, this.bytes.length);
    if (end > this.#durable.length) this.#durable = resized(this.#durable, end);
    this.#durable.set(this.bytes.subarray(start, end), start);
  }
}

function resized(bytes: Buffer, size: number): Buffer {
  const result = Buffer.alloc(size);
  bytes.copy(result);
  return result;
}
