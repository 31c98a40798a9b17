import { WaitTimeoutError } from '../errors.js';
import { type HotWaitOptions, Wait } from '../wait.js';

/** The promises of `waitForHot`. */
export class HotWaiters {
  /** Whether each of them is content with a cache. */
  readonly #waiting = new Map<Wait, boolean>();

  /**
   * Adds a promise.
   * @param lastProblem returns the cause for the error of a timeout
   */
  add(options: HotWaitOptions, lastProblem: () => Error | undefined): Promise<void> {
    const pending = new Wait('a hot connection', options, (error) => {
      this.#waiting.delete(pending);
      const isTimeout = error instanceof WaitTimeoutError;
      pending.reject(
        isTimeout ? new WaitTimeoutError('a hot connection', error.timeout, lastProblem()) : error,
      );
    });
    this.#waiting.set(pending, options.orCache === true);
    return pending.promise;
  }

  resolveAll(): void {
    for (const pending of this.#waiting.keys()) pending.resolve();
    this.#waiting.clear();
  }

  /** Ends the waiting of those that are content with a cache. */
  cacheWorks(): void {
    for (const [pending, orCache] of this.#waiting) {
      if (!orCache) continue;
      this.#waiting.delete(pending);
      pending.resolve();
    }
  }

  rejectAll(error: Error): void {
    for (const pending of this.#waiting.keys()) pending.reject(error);
    this.#waiting.clear();
  }
}
