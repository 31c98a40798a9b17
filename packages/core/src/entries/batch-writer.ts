import type { EntryInput } from '@ringest/codec';
import { BatchError, InvalidArgumentError } from '../errors.js';
import type { Placer } from '../placing/placer.js';
import { writeTo } from '../placing/write-to.js';
import type { WaitOptions } from '../wait.js';
import type { Dispatcher } from '../waiting/dispatcher.js';
import type { CheckedEntry } from './checked-entry.js';

/** Writes batches of entries, each as a whole or not at all. */
export class BatchWriter {
  readonly #parts: CheckedEntry;
  readonly #placer: Placer;
  readonly #dispatcher: Dispatcher;

  constructor(parts: CheckedEntry, placer: Placer, dispatcher: Dispatcher) {
    this.#parts = parts;
    this.#placer = placer;
    this.#dispatcher = dispatcher;
  }

  /**
   * Writes entries in order.
   * @returns a promise if some of them wait for room
   * @throws {InvalidArgumentError} `entries` is not an array
   * @throws {BatchError} an entry cannot be written; nothing of the batch was written
   */
  write(entries: readonly EntryInput[], options: WaitOptions): Promise<void> | undefined {
    if (!Array.isArray(entries)) {
      throw new InvalidArgumentError('entries', entries, 'an array of entries');
    }
    const written = this.#writeUncommitted(entries);
    for (let i = written; i < entries.length; i++) {
      this.#parts.check(entries[i] as EntryInput);
      if (!this.#dispatcher.write(this.#parts)) return this.#enqueueFrom(entries, i, options);
    }
    return undefined;
  }

  /**
   * Writes as many entries as can still be taken back, and checks the others before anything is sent.
   * @returns how many entries were written
   */
  #writeUncommitted(entries: readonly EntryInput[]): number {
    const placer = this.#placer;
    const parts = this.#parts;
    const begun = placer.beginBatch();
    let writer = this.#dispatcher.mayEnterRings ? begun : undefined;
    let written = 0;
    let checked = 0;
    try {
      for (; checked < entries.length; checked++) {
        parts.check(entries[checked] as EntryInput);
        if (writer === undefined) continue;
        if (placer.mayHold(parts) && writeTo(writer, parts)) written++;
        else writer = undefined;
      }
    } catch (error) {
      placer.cancelBatch();
      throw new BatchError(checked, error);
    }
    placer.endBatch();
    return written;
  }

  #enqueueFrom(
    entries: readonly EntryInput[],
    accepted: number,
    options: WaitOptions,
  ): Promise<void> | undefined {
    try {
      for (let i = accepted; i < entries.length; i++) {
        this.#parts.check(entries[i] as EntryInput);
        this.#placer.copy(this.#parts);
      }
    } catch (error) {
      this.#placer.dropCopies();
      throw error;
    }
    return this.#dispatcher.enqueueCopies(accepted, options);
  }
}
