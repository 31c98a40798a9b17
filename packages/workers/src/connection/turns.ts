import { deadline } from './deadline.js';

/** A turn. It begins as one that counts against the limit of its `Turns`, until it ends. */
export class Turn {
  readonly #began: () => void;
  readonly #ended: () => void;
  #isOver = false;
  #cancel: () => void = () => {};

  /**
   * @param began called when the turn counts again
   * @param ended called when the turn counts no more
   */
  constructor(began: () => void, ended: () => void) {
    this.#began = began;
    this.#ended = ended;
  }

  /** Ends the turn. Does nothing when it has ended. */
  end(): void {
    this.#cancel();
    if (this.#isOver) return;
    this.#isOver = true;
    this.#ended();
  }

  /** Ends the turn after some milliseconds, unless `hold` is called first. */
  endIn(milliseconds: number): void {
    this.#cancel();
    this.#cancel = deadline(milliseconds, () => this.end());
  }

  /** Keeps the turn until `end` or `endIn` is called. A turn that has ended counts again, at once. */
  keep(): void {
    this.#cancel();
    if (!this.#isOver) return;
    this.#isOver = false;
    this.#began();
  }
}

/** Limits how many have a turn at the same time. The others wait, first come, first served. */
export class Turns {
  /** Negative when turns count again that had ended: then as many must end before one begins. */
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
        this.#began();
        this.#waiting.delete(begin);
        signal?.removeEventListener('abort', onAbort);
        resolve(new Turn(this.#began, this.#ended));
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

  readonly #began = (): void => {
    this.#free--;
  };

  readonly #ended = (): void => {
    this.#free++;
    if (this.#free <= 0) return;
    const [next] = this.#waiting;
    next?.();
  };
}
