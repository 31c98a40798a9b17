/** The largest sequence number of any load. */
export const MAX_SEQUENCE = 2 ** 32 - 1;

/** How often entries arrived. */
export interface ArrivalCounts {
  /** Entries, each time they arrived. */
  readonly received: number;
  /** Entries that had arrived before. */
  readonly duplicated: number;
  /** Entries with a sequence number that the load does not have. */
  readonly foreign: number;
}

const FIRST_WORDS = 2 ** 15;

/** Which entries of a load have arrived, by their sequence numbers: a bit for each. */
export class Arrivals {
  #seen = new Uint32Array(FIRST_WORDS);
  #received = 0;
  #duplicated = 0;
  #foreign = 0;

  /**
   * Takes one entry in.
   * @returns whether it has arrived for the first time
   */
  add(sequence: number): boolean {
    this.#received++;
    const word = sequence >>> 5;
    const bit = 1 << (sequence & 31);
    if (word >= this.#seen.length) this.#grow(word);
    const seen = this.#seen[word] as number;
    if ((seen & bit) !== 0) {
      this.#duplicated++;
      return false;
    }
    this.#seen[word] = seen | bit;
    return true;
  }

  /** Takes an entry in that has no sequence number. */
  addForeign(): void {
    this.#received++;
    this.#foreign++;
  }

  /** @param sent how many entries the load had: sequence numbers 0 to `sent - 1` */
  counts(sent: number): ArrivalCounts {
    return {
      received: this.#received,
      duplicated: this.#duplicated,
      foreign: this.#foreign + this.#countFrom(sent),
    };
  }

  /** Entries that arrived with a sequence number of `sent` or more. */
  #countFrom(sent: number): number {
    let count = 0;
    for (let sequence = sent; sequence < this.#seen.length * 32; sequence++) {
      if (((this.#seen[sequence >>> 5] as number) & (1 << (sequence & 31))) !== 0) count++;
    }
    return count;
  }

  #grow(word: number): void {
    const grown = new Uint32Array(Math.max(this.#seen.length * 2, word + 1));
    grown.set(this.#seen);
    this.#seen = grown;
  }
}
