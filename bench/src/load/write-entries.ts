import { type IngestMuxer, type LineWriter, WriteAbandonedError } from '@ringest/core';
import type { EntrySource, LoadEntry } from '../contents/entry-source.js';

/** How entries are written. */
export interface Writing {
  /** Entries to a `writeBatch`; 0: `writeEntry`. */
  readonly batch: number;
  /** Takes the entries as lines instead. */
  readonly lines?: LineWriter | undefined;
  /** Ends the writing early. */
  readonly signal: AbortSignal;
  /**
   * Called with what a write returned, if anything, and up to which entry all is written then.
   * Returns what to wait for before the next write. Default: for what the write returned, until the
   * signal is aborted.
   */
  readonly pause?: (written: Promise<void>, through: number) => Promise<void> | undefined;
  /** Called every now and then with the entry that is next. */
  readonly look?: (next: number) => void;
}

/** Writes `count` entries, or one, from a sequence number on. */
type WriteNext = (sequence: number, count: number) => Promise<void> | undefined;

/** How often `look` is called, in entries. */
const LOOK_ENTRIES = 8192;
/** How often the event loop gets a turn at least, in milliseconds. */
const TURN_INTERVAL = 100;

/** Writes entries of a load, in order. */
export class EntryWriter {
  readonly #writing: Writing;
  readonly #writeNext: WriteNext;
  readonly #pauseFor: NonNullable<Writing['pause']>;
  /** How many entries are written at once from a sequence number on. */
  readonly #step: (sequence: number) => number;
  #nextLook = 0;
  #lastTurn = performance.now();

  constructor(muxer: IngestMuxer, source: EntrySource, writing: Writing) {
    this.#writing = writing;
    const wait = writing.pause === undefined ? { signal: writing.signal } : {};
    this.#pauseFor = writing.pause ?? ((written) => written);
    const { batch, lines } = writing;
    this.#step = lines ? (sequence) => source.linesAt(sequence) : () => Math.max(batch, 1);
    if (lines !== undefined) {
      this.#writeNext = (sequence, count) => lines.write(source.lines(sequence, count), wait);
    } else if (batch === 0) {
      this.#writeNext = (sequence) => muxer.writeEntry(source.entry(sequence), wait);
    } else {
      const entries: LoadEntry[] = [];
      this.#writeNext = (sequence, count) => {
        entries.length = count;
        source.fill(entries, sequence);
        return muxer.writeBatch(entries, wait);
      };
    }
  }

  /**
   * Writes entries one by one, in batches or as lines, until all are written or the signal is aborted.
   * @param from the first, by its sequence number
   * @param to the one after the last
   * @returns the entry after the last that was accepted
   */
  async write(from: number, to: number): Promise<number> {
    const { signal } = this.#writing;
    let done = from;
    try {
      while (done < to && !signal.aborted) {
        if (done >= this.#nextLook) await this.#look(done);
        const count = Math.min(this.#step(done), to - done);
        const written = this.#writeNext(done, count);
        const room = written && this.#pauseFor(written, done + count);
        if (room) await room;
        done += count;
      }
    } catch (error) {
      if (!(error instanceof WriteAbandonedError && signal.aborted)) throw error;
      done += error.accepted;
    }
    return done;
  }

  async #look(next: number): Promise<void> {
    this.#nextLook = next + LOOK_ENTRIES;
    this.#writing.look?.(next);
    const now = performance.now();
    if (now - this.#lastTurn < TURN_INTERVAL) return;
    this.#lastTurn = now;
    // An interrupt is heard only between turns of the event loop.
    await new Promise(setImmediate);
  }
}
