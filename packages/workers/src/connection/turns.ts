import { deadline } from './deadline.js';

/** A turn. It ends once; later calls do nothing. */
export class Turn {
  #over: (() => void) | undefined;
  #cancel: () => void = () => {};

  /** @param over called when the turn ends */
  constructor(over: () => void) {
    this.#over = over;
  }

  end(): void {
    this.hold();
    const over = this.#over;
    this.#over = undefined;
    over?.();
  }

  /** Ends the turn after some milliseconds, unless `hold` is called first. */
  endIn(milliseconds: number): void {
    this.hold();
    this.#cancel = deadline(milliseconds, () => this.end());
  }

  /** Keeps the turn until `end` or `endIn` is called. */
  hold(): void {
    this.#cancel();
  }
}

/** Limits how many have a turn at the same time. The others wait, first come, first served. */
export class Turns {
  #free: number;
  readonly #waiting = new Set<() => void>();

  constructor(atOnce: number) {
    this.#free = atOnce;
  }

  /** How many wait for a turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /**
   * Waits for a turn.
   * @throws the reason of the signal, when it is aborted
   */
  begin(signal?: AbortSignal): Promise<Turn> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const begin = () => {
        this.#free--;
        this.#waiting.delete(begin);
        signal?.removeEventListener('abort', onAbort);
        resolve(new Turn(this.#over));
      };
      const onAbort = () => {
        this.#waiting.delete(begin);
        reject(signal?.reason);
      };
      if (this.#free > 0) return begin();
      this.#waiting.add(begin);
      signal?.addEventListener('abort', onAbort, { once: true });
    });
  }

  readonly #over = (): void => {
    this.#free++;
    const [next] = this.#waiting;
    next?.();
  };
}
