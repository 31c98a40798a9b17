/** The segments that are to be removed, and the promises that wait for it. */
export class PendingRemovals {
  readonly #waits = new Map<number, (() => void)[]>();

  /** Whether a segment is to be removed. */
  has(segment: number): boolean {
    return this.#waits.has(segment);
  }

  /**
   * Adds a segment.
   * @returns a promise that resolves when the segment is removed
   */
  add(segment: number): Promise<void> {
    const waits = this.#waits.get(segment) ?? [];
    this.#waits.set(segment, waits);
    return new Promise((resolve) => waits.push(resolve));
  }

  /** A segment is removed. */
  removed(segment: number): void {
    for (const resolve of this.#waits.get(segment) ?? []) resolve();
    this.#waits.delete(segment);
  }

  /** Resolves all promises. */
  end(): void {
    for (const segment of this.#waits.keys()) this.removed(segment);
  }

  /** Segments in the order in which their removal was asked for. */
  [Symbol.iterator](): IterableIterator<number> {
    return this.#waits.keys();
  }
}
