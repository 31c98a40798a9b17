/** What all shares of one limit hold together. */
export interface HeldTotal {
  bytes: number;
  /** The most that they have held at the same time. */
  most: number;
}

/** Bytes of senders that are in memory: a share of a limit, of one kind of senders. */
export class HeldBytes {
  readonly limit: number;
  readonly #total: HeldTotal;
  #bytes = 0;

  constructor(limit: number, total: HeldTotal) {
    this.limit = limit;
    this.#total = total;
  }

  /** Whether so many bytes more have room. If so, they are held from now on. */
  take(bytes: number): boolean {
    if (this.#bytes + bytes > this.limit) return false;
    this.#bytes += bytes;
    this.#total.bytes += bytes;
    this.#total.most = Math.max(this.#total.most, this.#total.bytes);
    return true;
  }

  /** So many of these bytes are held no longer. */
  give(bytes: number): void {
    this.#bytes -= bytes;
    this.#total.bytes -= bytes;
  }
}
