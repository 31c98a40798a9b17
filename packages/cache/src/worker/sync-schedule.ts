import type { SegmentLog } from '../log/segment-log.js';
import type { SyncPolicy } from '../settings.js';

export interface Clock {
  /**
   * Calls a function after some milliseconds; 0: after all messages that have come in.
   * @returns a function that cancels the call
   */
  after(milliseconds: number, action: () => void): () => void;
}

/**
 * Decides when the log is synced: as often as the policy says, and one sync at a time. Blocks that are
 * appended during a sync are covered by the next one, all together.
 */
export class SyncSchedule {
  readonly #policy: SyncPolicy;
  readonly #log: SegmentLog;
  readonly #clock: Clock;
  readonly #begin: () => void;
  #cancel: (() => void) | undefined;
  #isDue = false;
  readonly #waits: (() => void)[] = [];

  /** @param begin begins a sync; the caller calls `ended` when it has ended */
  constructor(policy: SyncPolicy, log: SegmentLog, clock: Clock, begin: () => void) {
    this.#policy = policy;
    this.#log = log;
    this.#clock = clock;
    this.#begin = begin;
  }

  /** Plans a sync, because there is something to sync. */
  soon(): void {
    if (this.#policy === 'never' || this.#cancel !== undefined) return;
    const delay = this.#policy === 'always' ? 0 : this.#policy.everyMs;
    this.#cancel = this.#clock.after(delay, () => this.now());
  }

  /** Begins a sync now, or right after the current one. The policy `never` has no syncs. */
  now(): void {
    if (this.#policy === 'never') return;
    this.#cancel?.();
    this.#cancel = undefined;
    if (this.#log.isSyncing) this.#isDue = true;
    else this.#begin();
  }

  /** Cancels the planned sync. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#isDue = false;
  }

  /** Calls a function once no sync runs: now, or when the current one ends. */
  whenOver(action: () => void): void {
    if (this.#log.isSyncing) this.#waits.push(action);
    else action();
  }

  /** A sync has ended. Functions that wait for that are called before the next sync begins. */
  ended(): void {
    for (const action of this.#waits.splice(0)) action();
    if (!this.#isDue) return;
    this.#isDue = false;
    this.#begin();
  }
}
