import type { SegmentInfo } from '../log/segment-list.js';
import type { Repeat, Resume } from '../messages.js';

/**
 * What stands in the cache twice, because a thread died before it could tell that it was stored. It
 * is left out when segments are read. Segments with nothing else in them are of no use once all of
 * it is stored again; until then they are what a process that is killed now leaves behind.
 *
 * The next run does not know what was repeated: it sends those entries twice.
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

  /** Segments with nothing else in them, oldest first. */
  get whole(): ReadonlySet<number> {
    return this.#whole;
  }

  /** For the next thread, should this one die. */
  toList(): Repeat[] {
    return [...this.#from].map(([segment, from]) => ({ segment, from }));
  }

  /** Whether an entry of a segment is a repeat. */
  has(segment: number, sequence: number): boolean {
    return sequence >= (this.#from.get(segment) ?? Number.POSITIVE_INFINITY);
  }

  /** A segment is gone. */
  removed(segment: number): void {
    this.#from.delete(segment);
    this.#whole.delete(segment);
  }

  /** Whether all that is repeated has been stored again. */
  areStored(key: number): boolean {
    return key >= this.#lastKey;
  }
}
