import type { LineWriter } from '@ringest/core';

/** What makes entries of the bytes of one input, such as a line writer. */
export type EntryStream = Pick<LineWriter, 'write' | 'end' | 'stats'>;

/** What counts the entries that it has written. */
export type EntryCounter = Pick<LineWriter, 'stats'>;

/** What was read and written so far, over all inputs. */
export class EntryAccount {
  /** Bytes that were read. */
  bytes = 0;
  /** How often a step, such as a function of `--process`, has thrown. */
  failedSteps = 0;
  readonly #open = new Set<EntryCounter>();
  #entries = 0;
  #refused = 0;

  /** Entries that were written, or wait for room. */
  get entries(): number {
    return this.#sum(this.#entries, 'entries');
  }

  /** Entries that were refused, because they were too long or had no valid time. */
  get refused(): number {
    return this.#sum(this.#refused, 'refusedLines');
  }

  add(stream: EntryCounter): void {
    this.#open.add(stream);
  }

  /** Keeps the counts of a stream that is written to no more, and forgets it. */
  close(stream: EntryCounter): void {
    if (!this.#open.delete(stream)) return;
    const { entries, refusedLines } = stream.stats();
    this.#entries += entries;
    this.#refused += refusedLines;
  }

  #sum(closed: number, count: 'entries' | 'refusedLines'): number {
    let sum = closed;
    for (const stream of this.#open) sum += stream.stats()[count];
    return sum;
  }
}
