import { CacheError } from '../errors.js';
import type { Clock } from './sync-schedule.js';

/** How long the worker waits before it tries a failed disk again, in milliseconds. */
export const RETRY_MS = 500;

/** The parts that {@link DiskRetry} uses. */
export interface DiskRetryParts {
  readonly clock: Clock;
  /** Called when the disk fails, and with `undefined` when it works again. */
  trouble(error: CacheError | undefined): void;
  /** Does again, after the delay, everything that waits for the disk. Throws what the log throws. */
  retry(): void;
  /** Calls a function once no sync runs, and reports what it changed. */
  whenSyncIsOver(action: () => void): void;
}

/** Runs work that uses the disk. When some fails, the disk is in trouble until a retry succeeds. */
export class DiskRetry {
  readonly #parts: DiskRetryParts;
  #isInTrouble = false;
  #isEnded = false;
  #cancel: (() => void) | undefined;

  constructor(parts: DiskRetryParts) {
    this.#parts = parts;
  }

  /** Whether the disk has failed and no retry has succeeded yet. */
  get isInTrouble(): boolean {
    return this.#isInTrouble;
  }

  /** Runs work. If the disk fails, it reports trouble and plans a retry. */
  attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!(error instanceof CacheError)) throw error;
      if (this.#isEnded) return;
      this.#isInTrouble = true;
      this.#parts.trouble(error);
      this.soon(RETRY_MS);
    }
  }

  /** Plans the next retry for after some milliseconds, instead of the time that was planned. */
  soon(delay: number): void {
    this.#cancel?.();
    this.#cancel = this.#parts.clock.after(delay, () => {
      this.#cancel = undefined;
      this.#parts.whenSyncIsOver(() => this.#retry());
    });
  }

  /** Ends retries for good. Work that fails from now on is not reported. */
  end(): void {
    this.#isEnded = true;
    this.#cancel?.();
  }

  #retry(): void {
    if (!this.#isInTrouble || this.#isEnded) return;
    this.attempt(() => {
      this.#parts.retry();
      this.#isInTrouble = false;
      this.#parts.trouble(undefined);
    });
  }
}
