/** Entries that earlier runs have left and that cannot be sent, by the segment that keeps them. */
export class Unsendable {
  readonly #entries = new Map<number, number>();

  /** How many there are. */
  get entries(): number {
    let sum = 0;
    for (const entries of this.#entries.values()) sum += entries;
    return sum;
  }

  /** Whether a segment has some. */
  isIn(segment: number): boolean {
    return this.#entries.has(segment);
  }

  /** A segment keeps so many more. */
  add(segment: number, entries: number): void {
    this.#entries.set(segment, (this.#entries.get(segment) ?? 0) + entries);
  }

  /** A segment is gone. @returns how many were in it */
  removed(segment: number): number {
    const entries = this.#entries.get(segment) ?? 0;
    this.#entries.delete(segment);
    return entries;
  }
}
