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

  constructor(placer: Placer, dispatcher: Dispatcher) {
    this.#placer = placer;
    this.#dispatcher = dispatcher;
  }

  /**
   * Writes a run to its end.
   * @returns a promise if some of the entries wait for room
   */
  write(run: CountedRun, options: WaitOptions): Promise<void> | undefined {
    if (this.#dispatcher.writeRun(run)) return undefined;
    const accepted = run.written;
    for (let next = run.next(); next !== undefined; next = run.next()) {
      this.#placer.copy(next);
      run.passedNext();
    }
    return this.#dispatcher.enqueueCopies(accepted, options);
  }
}
