import { writeState } from './follow-state.js';
import type { Tail } from './tail.js';

/** How often files are marked at most, unless much waits for it. */
const LEAST_MS = 100;

/** What is needed to confirm what was read. */
export interface ConfirmationHost {
  /** All files with something that may not be confirmed. */
  readonly tails: () => Iterable<Tail>;
  /** Resolves once all that was written before is confirmed. */
  readonly confirmed: () => Promise<void>;
  /** Where it is written how far files are confirmed; `undefined`: nowhere. */
  readonly statePath: string | undefined;
}

/**
 * Keeps how far files are confirmed. One mark stands for all entries of all files that were written before
 * it, so that confirmations cost nothing for each entry.
 */
export class Confirmations {
  readonly #host: ConfirmationHost;
  #pending: Promise<void> | undefined;
  #lastMs = Number.NEGATIVE_INFINITY;
  #saved = '';
  #isClosed = false;
  #saving: Promise<void> = Promise.resolve();
  /** Why nothing will be confirmed any more. */
  #failure: unknown;

  constructor(host: ConfirmationHost) {
    this.#host = host;
  }

  /** Bytes that were read, and would be read again after a restart, over all files. */
  get bytesAhead(): number {
    let bytes = 0;
    for (const tail of this.#host.tails()) bytes += tail.bytesAhead;
    return bytes;
  }

  /**
   * Begins to wait for the confirmation of all that was written, unless that is being done already.
   * @param isUrgent it does not matter when that was done last
   * @returns resolves once it has come, or has failed: the next call says so
   * @throws what the last one failed with
   */
  begin(isUrgent: boolean): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#pending !== undefined) return this.#pending;
    const now = performance.now();
    if (!isUrgent && now - this.#lastMs < LEAST_MS) return Promise.resolve();
    this.#lastMs = now;
    const failed = (error: unknown) => {
      this.#failure = error;
    };
    this.#pending = this.#confirm(this.#host.confirmed)
      .catch(failed)
      .finally(() => {
        this.#pending = undefined;
      });
    return this.#pending;
  }

  /** Everything is confirmed by now: keeps that. */
  async end(): Promise<void> {
    await this.#pending;
    await this.#confirm(() => Promise.resolve());
  }

  /** Keeps nothing more: the files that there are from now on are not those that were read. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#saving.catch(() => {});
  }

  async #confirm(confirmed: () => Promise<void>): Promise<void> {
    const taken = [...this.#host.tails()]
      .filter((tail) => !tail.isConfirmed)
      .map((tail) => tail.mark());
    if (taken.length > 0) await confirmed();
    if (this.#isClosed) return;
    for (const take of taken) take();
    const tails = [...this.#host.tails()];
    const kept = tails.map((tail) => tail.keep());
    this.#saving = this.#save(tails);
    await this.#saving;
    for (const keep of kept) keep();
  }

  async #save(tails: readonly Tail[]): Promise<void> {
    const { statePath } = this.#host;
    if (statePath === undefined) return;
    const states = tails.map((tail) => tail.state());
    const text = JSON.stringify(states);
    if (text === this.#saved) return;
    await writeState(statePath, states);
    this.#saved = text;
  }
}
