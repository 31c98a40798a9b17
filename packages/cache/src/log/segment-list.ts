import type { Damage } from './damage.js';
import type { Segment } from './segment.js';

/** A segment of the log, at one moment. */
export interface SegmentInfo {
  readonly id: number;
  /** The id of the muxer that wrote it. */
  readonly muxer: string;
  readonly bytes: number;
  /** Entries, without those known to be damaged. */
  readonly entries: number;
  /** The sequence of its first entry. */
  readonly sequence: number;
  /** The sequence after its last entry. */
  readonly nextSequence: number;
  readonly isSealed: boolean;
  /** The next run reads segments by rising order. Default: the number of the segment. */
  readonly order: number;
}

interface Sums {
  readonly bytes: number;
  readonly entries: number;
}

/**
 * The segments of a log, oldest first; the last may be active. Every block needs their total size, and there
 * may be thousands. So the sums of all but the last are kept.
 */
export class SegmentList {
  #all: readonly Segment[];
  /** The sums of all but the last; `undefined`: not counted yet. */
  #older: Sums | undefined;
  /** The damage of segments that were dropped. */
  readonly #pastDamage: Damage[];

  /** @param pastDamage the damage of segments that are gone already */
  constructor(all: readonly Segment[], pastDamage: readonly Damage[]) {
    this.#all = all;
    this.#pastDamage = [...pastDamage];
  }

  get all(): readonly Segment[] {
    return this.#all;
  }

  get last(): Segment | undefined {
    return this.#all.at(-1);
  }

  /** The segment that gets the next block; `undefined`: the next block begins one. */
  get active(): Segment | undefined {
    return this.last?.isSealed ? undefined : this.last;
  }

  get bytes(): number {
    return this.#count().bytes + (this.last?.bytes ?? 0);
  }

  /** Entries in all segments, without those known to be damaged. */
  get entries(): number {
    return this.#count().entries + (this.last?.entries ?? 0);
  }

  /** Changes whenever a segment was begun, sealed or removed. */
  get shape(): string {
    return `${this.#all.length} ${this.last?.id} ${this.last?.isSealed}`;
  }

  /** The damage of all segments, also of dropped ones. */
  get damage(): readonly Damage[] {
    return [...this.#pastDamage, ...this.#all.flatMap(({ damage }) => damage)];
  }

  infos(): SegmentInfo[] {
    return this.#all.map(({ id, bytes, entries, header, nextSequence, isSealed, order }) => {
      const { muxer, sequence } = header;
      return { id, muxer, bytes, entries, sequence, nextSequence, isSealed, order };
    });
  }

  find(id: number): Segment | undefined {
    return this.#all.find((one) => one.id === id);
  }

  /** A segment was begun. */
  add(segment: Segment): void {
    this.#all = [...this.#all, segment];
    this.recount();
  }

  drop(segment: Segment): void {
    segment.leave();
    this.#all = this.#all.filter((one) => one !== segment);
    this.#pastDamage.push(...segment.damage);
    this.recount();
  }

  /** Counts again: a segment that is not the last has changed. */
  recount(): void {
    this.#older = undefined;
  }

  #count(): Sums {
    if (this.#older !== undefined) return this.#older;
    let bytes = 0;
    let entries = 0;
    for (const segment of this.#all.slice(0, -1)) {
      bytes += segment.bytes;
      entries += segment.entries;
    }
    this.#older = { bytes, entries };
    return this.#older;
  }
}
