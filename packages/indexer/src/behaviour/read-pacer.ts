/** The longest time of not reading that may be made up for later, so that late timers do not lower the rate. */
const CREDIT_MS = 100;

/**
 * Limits the rate at which a connection is read. After each chunk, the reader pauses until the chunk fits
 * the rate; the pacer ends the pause. Pauses that were too long are made up for, so that the average rate
 * is met if enough bytes arrive.
 */
export class ReadPacer {
  readonly #resume: () => void;
  #rate = 0;
  /** When everything that was read is paid for. */
  #paidAt = 0;
  #timer: NodeJS.Timeout | undefined;

  /** @param resume called at the end of a pause. */
  constructor(resume: () => void) {
    this.#resume = resume;
  }

  /** Bytes a second; 0 is as fast as they come. Setting it ends a pause. */
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

  /** Counts bytes that were read. They may have begun a pause. */
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
