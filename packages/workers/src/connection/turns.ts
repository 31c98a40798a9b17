import { deadline } from './deadline.js';

/** A turn that somebody has. It ends once; what is asked of it afterwards does nothing. */
export class Turn {
  #over: (() => void) | undefined;
  #callOff: () => void = () => {};

  /** @param over is called when it ends */
  constructor(over: () => void) {
    this.#over = over;
  }

  end(): void {
    this.hold();
    const over = this.#over;
    this.#over = undefined;
    over?.();
  }

  /** Ends it after so many milliseconds, unless `hold` comes before. */
  endIn(milliseconds: number): void {
    this.hold();
    this.#callOff = deadline(milliseconds, () => this.end());
  }

  /** Keeps it until `end` or `endIn`. */
  hold(): void {
    this.#callOff();
  }
}

/** So many have a turn at the same time; the others wait, first come, first served. */
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
   * @throws the signal's reason when aborted
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
