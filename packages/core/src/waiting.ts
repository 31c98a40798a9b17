import { InvalidTimeoutError, WaitTimeoutError } from './errors.js';

/** How long a caller waits. Neither given: for ever. */
export interface WaitOptions {
  /** Milliseconds, 1 or more. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** @throws {InvalidTimeoutError} */
export function checkWait(options: WaitOptions | undefined): void {
  const timeout = options?.timeout;
  if (timeout !== undefined && !(timeout >= 1)) throw new InvalidTimeoutError(timeout);
}

/** Milliseconds; a timer that is longer ends at once. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** A promise that somebody waits for, with a timeout and a signal. */
export class Pending {
  readonly promise: Promise<void>;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  #stopWaiting: () => void = () => {};

  /**
   * @param awaited for the message of a timeout: `sync`, `a hot connection`
   * @param onGiveUp called once with a `WaitTimeoutError` or the signal's reason; it settles this
   */
  constructor(awaited: string, options: WaitOptions, onGiveUp: (error: unknown) => void) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    const { timeout, signal } = options;
    const onAbort = () => onGiveUp(signal?.reason);
    let timer: NodeJS.Timeout | undefined;
    const wait = (left: number) => {
      const isLast = left <= LONGEST_TIMER;
      const then = () =>
        isLast
          ? onGiveUp(new WaitTimeoutError(awaited, timeout as number))
          : wait(left - LONGEST_TIMER);
      timer = setTimeout(then, Math.min(left, LONGEST_TIMER));
    };
    if (timeout !== undefined) wait(timeout);
    this.#stopWaiting = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    };
    if (signal?.aborted) queueMicrotask(onAbort);
    else signal?.addEventListener('abort', onAbort, { once: true });
  }

  resolve(): void {
    this.#stopWaiting();
    this.#resolve();
  }

  reject(error: unknown): void {
    this.#stopWaiting();
    this.#reject(error);
  }
}
