import type { StoreWriteError } from '../errors.js';
import type { EntryView } from '../reading/entry-view.js';

/** What a {@link StoreInlet} needs of its store. */
export interface InletHost {
  add(entry: EntryView): void;
  /** Resolves when there is room for more. */
  endRun(): Promise<void> | undefined;
  /** Resolves when the block that is gathered is written, or else the one that is being written. */
  written(): Promise<void> | undefined;
  /** Why a block was not written the last time that one was not. */
  failure(): StoreWriteError | undefined;
}

/** The way into a store for the entries of one connection. */
export class StoreInlet {
  readonly #host: InletHost;
  /** Whether there are entries that {@link written} was not called for. */
  #hasEntries = false;
  /** The last failure of the store before the first of them was added. */
  #before: StoreWriteError | undefined;

  constructor(host: InletHost) {
    this.#host = host;
  }

  /** Adds an entry. Its bytes must stay until {@link endRun}. */
  add(entry: EntryView): void {
    if (!this.#hasEntries) {
      this.#hasEntries = true;
      this.#before = this.#host.failure();
    }
    this.#host.add(entry);
  }

  /**
   * Copies the entries that were added. A promise that it returns is fulfilled when there is room for
   * more, whether the disk has taken what was there or not.
   */
  endRun(): Promise<void> | undefined {
    return this.#host.endRun();
  }

  /**
   * A promise that it returns is fulfilled when all entries are written that were added since the last
   * call; `undefined`: they are. Earlier calls may have returned promises that are not fulfilled yet.
   *
   * @throws {StoreWriteError} if some of them may not be written, also as the reason of a rejected promise.
   */
  written(): Promise<void> | undefined {
    // What was added before is waited for by the call before this one.
    if (!this.#hasEntries) return undefined;
    this.#hasEntries = false;
    const before = this.#before;
    const check = () => {
      // Some entries may be in another block than the one that is waited for: any failure counts.
      const failure = this.#host.failure();
      if (failure !== undefined && failure !== before) throw failure;
    };
    const written = this.#host.written();
    if (written !== undefined) return written.then(check);
    check();
    return undefined;
  }
}
