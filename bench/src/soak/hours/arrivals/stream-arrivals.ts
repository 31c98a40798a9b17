/** Numbers of a block. */
const BLOCK = 2 ** 16;

interface Block {
  readonly bits: Uint32Array;
  arrived: number;
}

/**
 * Which entries of a stream have arrived, by their numbers, below 2^32. Blocks of numbers that are whole
 * take no memory: a soak of days keeps account of what is missing alone.
 */
export class StreamArrivals {
  readonly #blocks = new Map<number, Block>();
  readonly #whole = new Set<number>();
  /** Every number before this one has arrived. */
  #complete = 0;
  #distinct = 0;
  #duplicates = 0;

  /** Entries that have arrived, each counted once. */
  get distinct(): number {
    return this.#distinct;
  }

  /** Arrivals of entries that had arrived before. */
  get duplicates(): number {
    return this.#duplicates;
  }

  /** Every entry with a number below this one has arrived. */
  get complete(): number {
    while (this.#whole.has(Math.floor(this.#complete / BLOCK))) {
      this.#complete = (Math.floor(this.#complete / BLOCK) + 1) * BLOCK;
    }
    while (this.has(this.#complete)) this.#complete++;
    return this.#complete;
  }

  has(number: number): boolean {
    const key = Math.floor(number / BLOCK);
    if (this.#whole.has(key)) return true;
    const word = this.#blocks.get(key)?.bits[(number % BLOCK) >>> 5] ?? 0;
    return (word & (1 << (number & 31))) !== 0;
  }

  add(number: number): void {
    if (this.has(number)) {
      this.#duplicates++;
      return;
    }
    this.#distinct++;
    const key = Math.floor(number / BLOCK);
    let block = this.#blocks.get(key);
    if (block === undefined) {
      block = { bits: new Uint32Array(BLOCK / 32), arrived: 0 };
      this.#blocks.set(key, block);
    }
    const at = (number % BLOCK) >>> 5;
    block.bits[at] = (block.bits[at] as number) | (1 << (number & 31));
    block.arrived++;
    if (block.arrived < BLOCK) return;
    this.#blocks.delete(key);
    this.#whole.add(key);
  }

  /**
   * Entries that have not arrived of the first `sent` ones.
   * @param most how many at most
   */
  missing(sent: number, most: number): number[] {
    const missing: number[] = [];
    for (let number = this.complete; number < sent && missing.length < most; number++) {
      if (!this.has(number)) missing.push(number);
    }
    return missing;
  }

  /** How many have arrived with a number of `sent` or more: they were never sent. */
  countFrom(sent: number): number {
    let count = 0;
    const keys = [...this.#blocks.keys(), ...this.#whole].filter((key) => (key + 1) * BLOCK > sent);
    for (const key of keys) {
      for (let number = Math.max(key * BLOCK, sent); number < (key + 1) * BLOCK; number++) {
        if (this.has(number)) count++;
      }
    }
    return count;
  }
}
