/** Counts entries of earlier runs that cannot be sent, by their segment, which is kept. */
export class Unsendable {
  readonly #entries = new Map<number, number>();

  /** How many there are. */
  get entries(): number {
    let sum = 0;
    for (const entries of this.#entries.values()) sum += entries;
    return sum;
  }

  /** Whether a segment has such entries. */
  isIn(segment: number): boolean {
    return this.#entries.has(segment);
  }

  /** Adds entries of a segment. */
  add(segment: number, entries: number): void {
    this.#entries.set(segment, (this.#entries.get(segment) ?? 0) + entries);
  }

  /**
   * A segment was removed.
   * @returns how many such entries it had
   */
  removed(segment: number): number {
    const entries = this.#entries.get(segment) ?? 0;
    this.#entries.delete(segment);
    return entries;
  }
}
