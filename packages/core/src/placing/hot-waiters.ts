import { WaitTimeoutError } from '../errors.js';
import { Wait, type WaitOptions } from '../wait.js';

/** The promises of `waitForHot`. */
export class HotWaiters {
  readonly #waiting = new Set<Wait>();

  /**
   * Adds a promise.
   * @param lastProblem returns the cause for the error of a timeout
   */
  add(options: WaitOptions, lastProblem: () => Error | undefined): Promise<void> {
    const pending = new Wait('a hot connection', options, (error) => {
      this.#waiting.delete(pending);
      const isTimeout = error instanceof WaitTimeoutError;
      pending.reject(
        isTimeout ? new WaitTimeoutError('a hot connection', error.timeout, lastProblem()) : error,
      );
    });
    this.#waiting.add(pending);
    return pending.promise;
  }

  resolveAll(): void {
    for (const pending of this.#waiting) pending.resolve();
    this.#waiting.clear();
  }

  rejectAll(error: Error): void {
    for (const pending of this.#waiting) pending.reject(error);
    this.#waiting.clear();
  }
}
