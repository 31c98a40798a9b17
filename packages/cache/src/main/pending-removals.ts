/** The segments that are to be removed, and who waits for that. */
export class PendingRemovals {
  readonly #waits = new Map<number, (() => void)[]>();

  /** Whether a segment is to be removed. */
  has(segment: number): boolean {
    return this.#waits.has(segment);
  }

  /** @returns settled when the segment is removed */
  add(segment: number): Promise<void> {
    const waits = this.#waits.get(segment) ?? [];
    this.#waits.set(segment, waits);
    return new Promise((resolve) => waits.push(resolve));
  }

  removed(segment: number): void {
    for (const resolve of this.#waits.get(segment) ?? []) resolve();
    this.#waits.delete(segment);
  }

  /** Nobody waits any longer. */
  end(): void {
    for (const segment of this.#waits.keys()) this.removed(segment);
  }

  /** In the order in which they were asked for. */
  [Symbol.iterator](): IterableIterator<number> {
    return this.#waits.keys();
  }
}
