import { type Clock, realClock, type Timer } from '../clock.js';

/** A pause: on until its time is over, or until it is ended. */
export class Pause {
  readonly #over: () => void;
  readonly #clock: Clock;
  #timer: Timer | undefined;

  /** @param over is called when the time is over, not when the pause is ended */
  constructor(over: () => void, clock = realClock) {
    this.#over = over;
    this.#clock = clock;
  }

  get isOn(): boolean {
    return this.#timer !== undefined;
  }

  /** Begins, or begins anew. */
  begin(milliseconds: number): void {
    this.#timer?.close();
    this.#timer = this.#clock.after(milliseconds, () => {
      this.#timer = undefined;
      this.#over();
    });
  }

  end(): void {
    this.#timer?.close();
    this.#timer = undefined;
  }
}
