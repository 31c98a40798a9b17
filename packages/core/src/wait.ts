import { InvalidArgumentError, InvalidTimeoutError, WaitTimeoutError } from './errors.js';

/**
 * How long a call waits; without options it waits until it is done. Timeout and signal end only the
 * waiting: a write that finds room at once is done, even if the signal was aborted before.
 */
export interface WaitOptions {
  /** The longest wait in milliseconds, 1 or more. Default: no limit. */
  readonly timeout?: number | undefined;
  /** Ends the waiting when it is aborted. Default: none. */
  readonly signal?: AbortSignal | undefined;
}

/** How long `close` waits for confirmations. */
export type CloseOptions = Pick<WaitOptions, 'timeout'>;

/** How `waitForHot` waits. */
export interface HotWaitOptions extends WaitOptions {
  /**
   * Whether a disk cache that takes entries is as good as a hot connection. Default: `false`.
   */
  readonly orCache?: boolean | undefined;
}

/**
 * Checks the options of a call.
 * @throws {InvalidTimeoutError} the timeout is not a number of 1 or more
 * @throws {InvalidArgumentError} the options are not an object, or the signal is not an `AbortSignal`
 */
export function checkWait(options: WaitOptions | undefined): void {
  if (options === undefined) return;
  if (typeof options !== 'object' || options === null) {
    throw new InvalidArgumentError('options', options, '{ timeout, signal }');
  }
  const { timeout, signal } = options;
  if (timeout !== undefined && !(typeof timeout === 'number' && timeout >= 1)) {
    throw new InvalidTimeoutError(timeout);
  }
  // The first test is for speed: every write with a signal comes through here.
  if (signal !== undefined && !(signal instanceof AbortSignal || isSignal(signal))) {
    throw new InvalidArgumentError('options.signal', signal, 'an AbortSignal');
  }
}

/** Checks members and not the class: a signal may come from another realm, or from a polyfill. */
function isSignal(value: unknown): boolean {
  const signal = value as Partial<AbortSignal> | null;
  return typeof signal?.addEventListener === 'function' && typeof signal.aborted === 'boolean';
}

/** The longest timer in milliseconds, about 24.8 days: Node.js fires a longer one after 1 ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The functions that one signal calls. */
interface Listeners {
  readonly all: Set<() => void>;
  /** Stops listening to the signal. */
  stop(): void;
}

const listeners = new WeakMap<AbortSignal, Listeners>();

/**
 * Calls `aborted` when a signal is aborted. Thousands of waits may share one signal, so they share one
 * listener: a signal walks all of its listeners whenever one is added, and warns when there are many.
 * @returns a function that cancels the call
 */
function onAbort(signal: AbortSignal, aborted: () => void): () => void {
  const waiting = listeners.get(signal) ?? listenTo(signal);
  waiting.all.add(aborted);
  return () => {
    if (waiting.all.delete(aborted) && waiting.all.size === 0) waiting.stop();
  };
}

function listenTo(signal: AbortSignal): Listeners {
  const all = new Set<() => void>();
  const abort = () => {
    for (const aborted of all) aborted();
  };
  const stop = () => {
    signal.removeEventListener('abort', abort);
    listeners.delete(signal);
  };
  signal.addEventListener('abort', abort, { once: true });
  listeners.set(signal, { all, stop });
  return { all, stop };
}

/** A promise with a timeout and a signal. It is small, because there may be one for each write. */
export class Wait {
  readonly promise: Promise<void>;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #unlisten: (() => void) | undefined;

  /**
   * @param awaited what the message of a timeout names, such as `sync` or `a hot connection`
   * @param onGiveUp called once, with a `WaitTimeoutError` or the signal's reason; it must settle the promise
   */
  constructor(
    awaited: string,
    { timeout, signal }: WaitOptions,
    onGiveUp: (error: unknown) => void,
  ) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
    if (timeout !== undefined) {
      this.#wait(timeout, () => onGiveUp(new WaitTimeoutError(awaited, timeout)));
    }
    if (signal !== undefined) this.#listen(signal, () => onGiveUp(signal.reason));
  }

  /** Resolves the promise, and ends the timer. */
  resolve(): void {
    this.#stopWaiting();
    this.#resolve();
  }

  /** Rejects the promise, and ends the timer. */
  reject(error: unknown): void {
    this.#stopWaiting();
    this.#reject(error);
  }

  #wait(left: number, over: () => void): void {
    const isLast = left <= MAX_TIMER_MS;
    const then = isLast ? over : () => this.#wait(left - MAX_TIMER_MS, over);
    this.#timer = setTimeout(then, Math.min(left, MAX_TIMER_MS));
  }

  #listen(signal: AbortSignal, aborted: () => void): void {
    if (!signal.aborted) {
      this.#unlisten = onAbort(signal, aborted);
      return;
    }
    let isSettled = false;
    this.#unlisten = () => {
      isSettled = true;
    };
    queueMicrotask(() => {
      if (!isSettled) aborted();
    });
  }

  #stopWaiting(): void {
    clearTimeout(this.#timer);
    this.#unlisten?.();
    this.#unlisten = undefined;
  }
}
