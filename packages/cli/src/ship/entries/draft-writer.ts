import { encodeEntry } from '@ringest/codec';
import { BatchError, type EntryInput } from '@ringest/core';
import type { Draft } from './draft.js';
import type { EntryMaker } from './entry-maker.js';
import type { EntryTimes } from './entry-times.js';

/** Writes drafts as entries, and counts them. */
export class DraftWriter {
  readonly #maker: EntryMaker;
  readonly #times: EntryTimes | undefined;
  #entries = 0;
  #refused = 0;

  /** @param times finds the times of drafts that have none */
  constructor(maker: EntryMaker, times: EntryTimes | undefined) {
    this.#maker = maker;
    this.#times = times;
  }

  stats() {
    return { entries: this.#entries, refusedLines: this.#refused, unfinishedBytes: 0 };
  }

  /** Counts records of which nothing becomes. @param why is said the first time */
  refuse(records: number, why: string): void {
    this.#refused += records;
    this.#maker.refused(why);
  }

  /**
   * Writes what becomes of drafts, but for entries that cannot be written.
   * @returns as `IngestMuxer.writeBatch`
   */
  write(drafts: readonly Draft[]): Promise<void> | undefined {
    // Counted only at the end: if there is no room, all of them are written again.
    let dropped = 0;
    let refusal: Error | undefined;
    let entries: readonly EntryInput[] = drafts.flatMap((draft) =>
      this.#maker.make(draft, this.#times, () => void dropped++),
    );
    const all = entries.length;
    let room: Promise<void> | undefined;
    for (let isWritten = false; !isWritten && entries.length > 0; ) {
      try {
        room = this.#maker.write(entries);
        isWritten = true;
      } catch (error) {
        if (!(error instanceof BatchError)) throw error;
        const { index, cause } = error;
        refusal ??= cause as Error;
        // Those before it are valid. One attempt for each of many others would take long.
        entries = entries.filter((entry, i) => i < index || (i > index && isValid(entry)));
      }
    }
    this.#entries += entries.length;
    this.#refused += dropped;
    if (refusal !== undefined) this.refuse(all - entries.length, refusal.message);
    return room;
  }
}

/** Whether an entry can be written, but for what the options of the muxer say. */
function isValid(entry: EntryInput): boolean {
  try {
    encodeEntry({ ...entry, tag: 0 });
    return true;
  } catch {
    return false;
  }
}
