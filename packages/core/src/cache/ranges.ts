interface Range {
  from: number;
  /** The number after its last one. */
  to: number;
}

/** A set of sequence numbers, kept as ascending ranges. Adjacent ranges are joined. */
export class Ranges {
  #ranges: Range[] = [];

  get isEmpty(): boolean {
    return this.#ranges.length === 0;
  }

  /** How many numbers there are. */
  get size(): number {
    return this.#ranges.reduce((sum, { from, to }) => sum + to - from, 0);
  }

  /** The lowest number; 0: there is none. */
  get from(): number {
    return this.#ranges[0]?.from ?? 0;
  }

  /** The number after the highest one; 0: there is none. */
  get to(): number {
    return this.#ranges.at(-1)?.to ?? 0;
  }

  has(number: number): boolean {
    return this.#ranges.some(({ from, to }) => from <= number && number < to);
  }

  /** Adds numbers that are greater than all that were added before. */
  append(from: number, to: number): void {
    const last = this.#ranges.at(-1);
    if (last?.to === from) last.to = to;
    else this.#ranges.push({ from, to });
  }

  /** How many numbers are below a limit. */
  before(limit: number): number {
    return this.#ranges.reduce(
      (sum, { from, to }) => sum + Math.max(0, Math.min(to, limit) - from),
      0,
    );
  }

  /**
   * Removes numbers.
   * @returns how many of them were in the set
   */
  remove(from: number, to: number): number {
    const before = this.size;
    this.#ranges = this.#ranges.flatMap((range) => {
      if (range.to <= from || range.from >= to) return [range];
      const left = { from: range.from, to: Math.min(range.to, from) };
      const right = { from: Math.max(range.from, to), to: range.to };
      return [left, right].filter((part) => part.from < part.to);
    });
    return before - this.size;
  }
}
