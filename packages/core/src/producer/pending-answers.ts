/** Who waits for an answer of the muxer. */
interface Waiting {
  answered(tag: number | undefined): void;
  failed(error: Error): void;
}

/** Requests of a producer to its muxer that are not answered, by key. */
export class PendingAnswers {
  readonly #waiting = new Map<number, Waiting>();
  #nextKey = 1;
  #empty: (() => void)[] = [];

  /** Adds a request. Returns its key. */
  add(waiting: Waiting): number {
    const key = this.#nextKey++;
    this.#waiting.set(key, waiting);
    return key;
  }

  /** Nobody waits for this answer any more. */
  forget(key: number): void {
    this.#waiting.delete(key);
    this.#report();
  }

  /** The muxer has answered: with an error, with the number of a tag, or that a barrier is passed. */
  settle(key: number, error: Error | undefined, tag: number | undefined): void {
    const waiting = this.#waiting.get(key);
    if (error === undefined) waiting?.answered(tag);
    else waiting?.failed(error);
    this.forget(key);
  }

  failAll(error: Error): void {
    for (const { failed } of this.#waiting.values()) failed(error);
    this.#waiting.clear();
    this.#report();
  }

  /** Resolves once every request is answered, or forgotten. */
  async allSettled(): Promise<void> {
    if (this.#waiting.size === 0) return;
    await new Promise<void>((resolve) => this.#empty.push(resolve));
  }

  #report(): void {
    if (this.#waiting.size > 0) return;
    const empty = this.#empty;
    this.#empty = [];
    for (const resolve of empty) resolve();
  }
}
