import type { Draft } from './draft.js';
import type { EntryMaker } from './entry-maker.js';
import type { EntryTimes } from './entry-times.js';
import { writeValid } from './write-valid.js';

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
    const entries = drafts.flatMap((draft) =>
      this.#maker.make(draft, this.#times, () => void dropped++),
    );
    const { room, count, refusal } = writeValid(entries, (some) => this.#maker.write(some));
    this.#entries += count;
    this.#refused += dropped;
    if (refusal !== undefined) this.refuse(entries.length - count, refusal.message);
    return room;
  }
}
