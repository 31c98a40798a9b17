/** Runs a function at the end of an event-loop turn, once for any number of calls of `schedule`. */
export class OncePerTurn {
  readonly #run: () => void;
  #isDue = false;

  constructor(run: () => void) {
    this.#run = run;
  }

  /** Whether the function will run at the end of this turn. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** Runs the function at the end of this turn. */
  schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(this.#endOfTurn);
  }

  /** Runs the function now. If it is due at the end of this turn, it runs again then. */
  now(): void {
    this.#run();
  }

  readonly #endOfTurn = () => {
    this.#isDue = false;
    this.#run();
  };
}
