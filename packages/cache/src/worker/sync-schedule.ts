import type { SegmentLog } from '../log/segment-log.js';
import type { SyncPolicy } from '../messages.js';

export interface Clock {
  /** Calls after so many milliseconds, 0: after all that has come in. What it gives calls that off. */
  after(milliseconds: number, action: () => void): () => void;
}

/**
 * When the log is synced while it is used: as often as the policy says, and never before the last
 * sync has ended. What is appended while a slow disk syncs, is synced together then.
 */
export class SyncSchedule {
  readonly #policy: SyncPolicy;
  readonly #log: SegmentLog;
  readonly #clock: Clock;
  readonly #begin: () => void;
  #callOff: (() => void) | undefined;
  #isDue = false;
  readonly #waits: (() => void)[] = [];

  /** @param begin begins one, after whose end `ended` is to be called */
  constructor(policy: SyncPolicy, log: SegmentLog, clock: Clock, begin: () => void) {
    this.#policy = policy;
    this.#log = log;
    this.#clock = clock;
    this.#begin = begin;
  }

  /** There is something to sync. */
  soon(): void {
    if (this.#policy === 'never' || this.#callOff !== undefined) return;
    const delay = this.#policy === 'always' ? 0 : this.#policy.everyMs;
    this.#callOff = this.#clock.after(delay, () => this.now());
  }

  /** Does not wait for its time; the policy `never` has none. */
  now(): void {
    if (this.#policy === 'never') return;
    this.#callOff?.();
    this.#callOff = undefined;
    if (this.#log.isSyncing) this.#isDue = true;
    else this.#begin();
  }

  /** What there was is synced, or nothing is to begin any more. */
  callOff(): void {
    this.#callOff?.();
    this.#callOff = undefined;
    this.#isDue = false;
  }

  /** Calls when no sync is under way: now, or when it has ended. */
  whenOver(action: () => void): void {
    if (this.#log.isSyncing) this.#waits.push(action);
    else action();
  }

  /** A sync has ended. What waits for that, comes before the next. */
  ended(): void {
    for (const action of this.#waits.splice(0)) action();
    if (!this.#isDue) return;
    this.#isDue = false;
    this.#begin();
  }
}
