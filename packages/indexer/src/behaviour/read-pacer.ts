/** The longest delay that is made up for, so that late timers do not lower the average rate. */
const CREDIT_MS = 100;

/**
 * Limits the rate at which a connection is read. After each chunk the reader pauses for as long as the chunk
 * takes at that rate, and the pacer ends the pause. If a pause was too long, the next one is shorter.
 */
export class ReadPacer {
  readonly #resume: () => void;
  #rate = 0;
  /** The time at which everything that was read fits the rate. */
  #paidAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param resume called at the end of a pause. */
  constructor(resume: () => void) {
    this.#resume = resume;
  }

  /** The rate in bytes per second; 0: no limit. Setting it ends a pause. */
  get rate(): number {
    return this.#rate;
  }

  set rate(rate: number) {
    this.#rate = rate;
    this.#paidAt = performance.now();
    if (!this.isPausing) return;
    this.stop();
    this.#resume();
  }

  /** Whether nothing may be read now. */
  get isPausing(): boolean {
    return this.#timer !== undefined;
  }

  /** Counts bytes that were read, and begins a pause if they exceed the rate. */
  took(bytes: number): void {
    if (this.#rate === 0) return;
    const paidAt = Math.max(this.#paidAt, performance.now() - CREDIT_MS);
    this.#paidAt = paidAt + (bytes * 1000) / this.#rate;
    if (!this.isPausing) this.#pause();
  }

  /** Ends a pause without resuming. */
  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #pause(): void {
    const wait = this.#paidAt - performance.now();
    if (wait > 0) this.#timer = setTimeout(this.#pauseEnded, Math.ceil(wait));
  }

  readonly #pauseEnded = () => {
    this.#timer = undefined;
    this.#pause();
    if (!this.isPausing) this.#resume();
  };
}
