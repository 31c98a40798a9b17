/**
 * Delays between attempts: `first` milliseconds, then doubled up to `most`. Each is shortened by up to half
 * at random, so that ingesters that lost the same indexer do not all return at once.
 */
export class Backoff {
  readonly #first: number;
  readonly #most: number;
  readonly #random: () => number;
  #next: number;

  /**
   * @param most no less than `first`
   * @param random from 0 up to, but not including, 1
   */
  constructor(first: number, most: number, random = Math.random) {
    this.#first = first;
    this.#most = most;
    this.#random = random;
    this.#next = first;
  }

  /** The delay before the next attempt, in milliseconds. */
  next(): number {
    const delay = this.#next;
    this.#next = Math.min(this.#most, delay * 2);
    return Math.round(delay * (1 - this.#random() / 2));
  }

  /** What was attempted works: the next delay is `first` again. */
  reset(): void {
    this.#next = this.#first;
  }
}
