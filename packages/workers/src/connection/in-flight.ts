/** The most checkpoints at a time. Further writes join the newest checkpoint. */
const CAPACITY = 4096;
const MASK = CAPACITY - 1;

/**
 * The checkpoints of a connection, oldest first. A checkpoint is one socket write: its last id, and
 * where it ends in the ring. Room is released by whole checkpoints, so no frame is walked again.
 */
export class InFlight {
  readonly #lastIds = new Float64Array(CAPACITY);
  readonly #ends = new Int32Array(CAPACITY);
  readonly #times = new Float64Array(CAPACITY);
  readonly #bytes = new Float64Array(CAPACITY);
  #head = 0;
  #tail = 0;

  get isEmpty(): boolean {
    return this.#head === this.#tail;
  }

  /** The last id of the oldest checkpoint; there must be one. */
  get oldestId(): number {
    return this.#lastIds[this.#tail & MASK] as number;
  }

  /** Where the oldest checkpoint ends in the ring. */
  get oldestEnd(): number {
    return this.#ends[this.#tail & MASK] as number;
  }

  /** The time of the oldest checkpoint, as it was given to `push`. */
  get oldestTime(): number {
    return this.#times[this.#tail & MASK] as number;
  }

  /** Bytes of the oldest checkpoint; a large frame counts whole. */
  get oldestBytes(): number {
    return this.#bytes[this.#tail & MASK] as number;
  }

  /** Adds a checkpoint. */
  push(lastId: number, end: number, bytes: number, time: number): void {
    const isFull = this.#head - this.#tail === CAPACITY;
    const slot = (isFull ? this.#head - 1 : this.#head++) & MASK;
    this.#lastIds[slot] = lastId;
    this.#ends[slot] = end;
    this.#bytes[slot] = isFull ? (this.#bytes[slot] as number) + bytes : bytes;
    if (!isFull) this.#times[slot] = time;
  }

  /** Removes the oldest checkpoint; there must be one. */
  pop(): void {
    this.#tail++;
  }
}
