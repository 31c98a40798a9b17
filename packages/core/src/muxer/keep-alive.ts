import { MAX_TIMER_MS } from '../wait.js';

/**
 * Keeps the process alive while a muxer runs. Nothing else of a muxer does: no thread, no port, no timer that
 * repeats. So this is the one switch.
 */
export class KeepAlive {
  #isWanted = true;
  #insists = false;
  #timer: NodeJS.Timeout | undefined;

  /** Begins, if it is wanted. */
  begin(): void {
    this.#timer ??= setInterval(() => {}, MAX_TIMER_MS);
    this.#apply();
  }

  /** Says whether it is wanted. */
  want(isWanted: boolean): void {
    this.#isWanted = isWanted;
    this.#apply();
  }

  /** Begins, wanted or not. */
  insist(): void {
    this.#insists = true;
    this.begin();
  }

  end(): void {
    clearInterval(this.#timer);
  }

  #apply(): void {
    if (this.#isWanted || this.#insists) this.#timer?.ref();
    else this.#timer?.unref();
  }
}
