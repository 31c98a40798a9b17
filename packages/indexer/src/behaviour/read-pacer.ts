/** What was not read for so long may be read later: it makes up for timers that are late. */
const CREDIT_MS = 100;

/**
 * Keeps the bytes that are read from a connection below a rate. It says when to pause, and resumes
 * by itself. Over any longer time the rate is met, provided that enough arrives: after each chunk
 * the reader pauses until the chunk is paid for, and pauses that became too long are made up for.
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
