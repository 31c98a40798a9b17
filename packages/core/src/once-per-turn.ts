/** Something that is done at the end of an event-loop turn, once, however many reasons there are for it. */
export class OncePerTurn {
  readonly #run: () => void;
  #isDue = false;

  constructor(run: () => void) {
    this.#run = run;
  }

  /** Whether it will run at the end of this turn. */
  get isDue(): boolean {
    return this.#isDue;
  }

  /** Runs it at the end of this turn. */
  schedule(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    setImmediate(this.#endOfTurn);
  }

  /** Runs it now. If it is due at the end of this turn, it runs again then. */
  now(): void {
    this.#run();
  }

  readonly #endOfTurn = () => {
    this.#isDue = false;
    this.#run();
  };
}
