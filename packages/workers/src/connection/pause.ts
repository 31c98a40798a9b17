import { type Clock, realClock, type Timer } from '../clock.js';

/** A pause. It is on until its time is over, or until `end` is called. */
export class Pause {
  readonly #over: () => void;
  readonly #clock: Clock;
  #timer: Timer | undefined;

  /** @param over called when the time is over, but not by `end` */
  constructor(over: () => void, clock = realClock) {
    this.#over = over;
    this.#clock = clock;
  }

  get isOn(): boolean {
    return this.#timer !== undefined;
  }

  /** Begins the pause, or begins it anew. */
  begin(milliseconds: number): void {
    this.#timer?.close();
    this.#timer = this.#clock.after(milliseconds, () => {
      this.#timer = undefined;
      this.#over();
    });
  }

  /** Ends the pause early. */
  end(): void {
    this.#timer?.close();
    this.#timer = undefined;
  }
}
