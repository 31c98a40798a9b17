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
    const refused = () => void this.#refused++;
    let entries: readonly EntryInput[] = drafts.flatMap((draft) =>
      this.#maker.make(draft, this.#times, refused),
    );
    while (entries.length > 0) {
      try {
        const room = this.#maker.write(entries);
        this.#entries += entries.length;
        return room;
      } catch (error) {
        if (!(error instanceof BatchError)) throw error;
        this.refuse(1, error.message);
        const { index } = error;
        entries = entries.filter((_, i) => i !== index);
      }
    }
    return undefined;
  }
}
