import type { EntryRun } from '@ringest/workers';
import type { Placer } from '../placing/placer.js';
import type { WaitOptions } from '../wait.js';
import type { Dispatcher } from '../waiting/dispatcher.js';

/** A run that knows how many of its entries are written, or copied to wait for room. */
export interface CountedRun extends EntryRun {
  readonly written: number;
}

/** Writes runs of entries: what finds no room is copied, and waits for some. */
export class RunWriter {
  readonly #placer: Placer;
  readonly #dispatcher: Dispatcher;
  #isWriting = false;

  constructor(placer: Placer, dispatcher: Dispatcher) {
    this.#placer = placer;
    this.#dispatcher = dispatcher;
  }

  /** Whether a run is being written: the stage has its entries, and must not get any others. */
  get isWriting(): boolean {
    return this.#isWriting;
  }

  /**
   * Writes runs to their ends, one after the other, as one write.
   * @returns a promise if some of the entries wait for room
   */
  write(runs: readonly CountedRun[], options: WaitOptions): Promise<void> | undefined {
    this.#isWriting = true;
    try {
      return this.#write(runs, options);
    } catch (error) {
      this.#placer.dropCopies();
      throw error;
    } finally {
      this.#isWriting = false;
    }
  }

  #write(runs: readonly CountedRun[], options: WaitOptions): Promise<void> | undefined {
    let accepted = 0;
    let areAccepted = true;
    for (const run of runs) {
      if (areAccepted) {
        areAccepted = this.#dispatcher.writeRun(run);
        accepted += run.written;
      }
      if (!areAccepted) this.#copy(run);
    }
    return areAccepted ? undefined : this.#dispatcher.enqueueCopies(accepted, options);
  }

  /** Copies the entries that are left. */
  #copy(run: CountedRun): void {
    for (let next = run.next(); next !== undefined; next = run.next()) {
      this.#placer.copy(next);
      run.passedNext();
    }
  }
}
