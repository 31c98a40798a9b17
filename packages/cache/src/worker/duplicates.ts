import type { SegmentInfo } from '../log/segment-list.js';
import type { Repeat, Resume } from '../messages.js';

/**
 * Entries that are in the cache twice, because a thread died before it could report that they were
 * stored. Reading leaves them out. Segments that hold only duplicates are removed once all of their
 * entries are stored again. They stay until then, in case the process is killed.
 *
 * The next run of the process does not know about duplicates: it sends those entries twice.
 */
export class Duplicates {
  readonly #from = new Map<number, number>();
  readonly #whole = new Set<number>();
  readonly #lastKey: number;

  /** @param segments what was found when the log was opened */
  constructor(resume: Resume | undefined, segments: readonly SegmentInfo[]) {
    this.#lastKey = resume?.lastKey ?? 0;
    if (resume === undefined) return;
    const known = new Map(resume.repeats.map(({ segment, from }) => [segment, from]));
    for (const { id, sequence, nextSequence } of segments) {
      const from = Math.min(known.get(id) ?? resume.sequence, resume.sequence);
      if (from >= nextSequence) continue;
      this.#from.set(id, from);
      if (from <= sequence) this.#whole.add(id);
    }
  }

  /** Segments that hold only duplicates, oldest first. */
  get whole(): ReadonlySet<number> {
    return this.#whole;
  }

  /** All duplicates, for the next thread if this one dies. */
  toList(): Repeat[] {
    return [...this.#from].map(([segment, from]) => ({ segment, from }));
  }

  /** Whether an entry of a segment is a duplicate. */
  has(segment: number, sequence: number): boolean {
    return sequence >= (this.#from.get(segment) ?? Number.POSITIVE_INFINITY);
  }

  /** A segment is gone. */
  removed(segment: number): void {
    this.#from.delete(segment);
    this.#whole.delete(segment);
  }

  /** Whether all duplicates are stored again, when blocks up to this key are stored. */
  areStored(key: number): boolean {
    return key >= this.#lastKey;
  }
}
