/** A pause: on until its time is over, or until it is ended. */
export class Hold {
  readonly #over: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param over is called when the time is over, not when the pause is ended */
  constructor(over: () => void) {
    this.#over = over;
  }

  get isOn(): boolean {
    return this.#timer !== undefined;
  }

  /** Begins, or begins anew. */
  begin(milliseconds: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#over();
    }, milliseconds);
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
