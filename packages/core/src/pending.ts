import { InvalidArgumentError, InvalidTimeoutError, WaitTimeoutError } from './errors.js';

/**
 * How long a caller waits. Neither given: for ever. They end the waiting and nothing else: a write
 * that need not wait is done, even if its signal was aborted before.
 */
export interface WaitOptions {
  /** Milliseconds, 1 or more. */
  readonly timeout?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * @throws {InvalidTimeoutError}
 * @throws {InvalidArgumentError} the options, or their signal, are none
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

/** Not by its class: a signal may come from another realm, or be somebody's own. */
function isSignal(value: unknown): boolean {
  const signal = value as Partial<AbortSignal> | null;
  return typeof signal?.addEventListener === 'function' && typeof signal.aborted === 'boolean';
}

/** The longest timer in milliseconds, about 24.8 days: Node.js fires a longer one after 1 ms. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** Those who wait with a signal. */
interface Listeners {
  readonly all: Set<() => void>;
  /** Listens to the signal no longer. */
  stop(): void;
}

const listeners = new WeakMap<AbortSignal, Listeners>();

/**
 * Has `aborted` called when a signal is. Thousands may share one: a signal goes through all of its
 * listeners for each that is added, and warns of many.
 * @returns what calls it off
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

/** A promise that somebody waits for, with a timeout and a signal. There may be many: it is lean. */
export class Pending {
  readonly promise: Promise<void>;
  #resolve!: () => void;
  #reject!: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #unlisten: (() => void) | undefined;

  /**
   * @param awaited for the message of a timeout: `sync`, `a hot connection`
   * @param onGiveUp called once with a `WaitTimeoutError` or the signal's reason; it settles this
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

  resolve(): void {
    this.#stopWaiting();
    this.#resolve();
  }

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
