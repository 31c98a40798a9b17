import { type IngestMuxer, WriteAbandonedError } from '@ringest/core';
import type { EntrySource, LoadEntry } from '../contents/entry-source.js';

/** Entries to write, in order. */
export interface Writing {
  /** The first, by its sequence number. */
  readonly from: number;
  /** The one after the last. */
  readonly to: number;
  /** Entries to a `writeBatch`; 0: `writeEntry`. */
  readonly batch: number;
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

/** How often the clock is looked at, in entries, and `look` called, in milliseconds. */
const LOOK_ENTRIES = 8192;
const LOOK_INTERVAL = 100;

/**
 * Writes entries one by one or in batches, until all are written or the signal is aborted.
 * @returns the entry after the last that was accepted
 */
export async function writeEntries(
  muxer: IngestMuxer,
  source: EntrySource,
  { from, to, batch, signal, pause, look = () => {} }: Writing,
): Promise<number> {
  const wait = pause === undefined ? { signal } : {};
  const pauseFor = pause ?? ((written) => written);
  const entries: LoadEntry[] = Array.from({ length: batch }, () => source.entry(0));
  let done = from;
  let nextLook = from;
  let lastLook = performance.now();
  try {
    while (done < to && !signal.aborted) {
      if (done >= nextLook) {
        nextLook = done + LOOK_ENTRIES;
        const now = performance.now();
        if (now - lastLook >= LOOK_INTERVAL) {
          lastLook = now;
          look(done);
          // An interrupt is heard only between turns of the event loop.
          await new Promise(setImmediate);
        }
      }
      if (batch === 0) {
        const written = muxer.writeEntry(source.entry(done), wait);
        const room = written && pauseFor(written, done + 1);
        if (room) await room;
        done++;
      } else {
        entries.length = Math.min(batch, to - done);
        source.fill(entries, done);
        const written = muxer.writeBatch(entries, wait);
        const room = written && pauseFor(written, done + entries.length);
        if (room) await room;
        done += entries.length;
      }
    }
  } catch (error) {
    if (!(error instanceof WriteAbandonedError && signal.aborted)) throw error;
    done += error.accepted;
  }
  return done;
}
