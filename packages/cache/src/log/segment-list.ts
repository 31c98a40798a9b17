import type { Damage } from './damage.js';
import type { Segment } from './segment.js';

export interface SegmentInfo {
  readonly id: number;
  readonly bytes: number;
  /** That can be read, as far as is known. */
  readonly entries: number;
  /** Of its first entry. */
  readonly sequence: number;
  /** The one after its last entry. */
  readonly nextSequence: number;
  readonly isSealed: boolean;
  /** The next run reads segments by rising order: their numbers, unless they were given another. */
  readonly order: number;
}

interface Sums {
  readonly bytes: number;
  readonly entries: number;
}

/**
 * The segments of a log, oldest first; the last may be active. What they are together is asked for
 * with every block, and there may be thousands: all but the active one are counted once.
 */
export class SegmentList {
  #all: readonly Segment[];
  /** Of all but the last; `undefined`: not counted. */
  #older: Sums | undefined;
  /** Of segments that were dropped. */
  readonly #pastDamage: Damage[];

  /** @param pastDamage of segments that are gone already */
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

  /** The one that is appended to. */
  get active(): Segment | undefined {
    return this.last?.isSealed ? undefined : this.last;
  }

  get bytes(): number {
    return this.#count().bytes + (this.last?.bytes ?? 0);
  }

  /** That can be read, as far as is known. */
  get entries(): number {
    return this.#count().entries + (this.last?.entries ?? 0);
  }

  /** Changes whenever a segment was begun, sealed or removed. */
  get shape(): string {
    return `${this.#all.length} ${this.last?.id} ${this.last?.isSealed}`;
  }

  /** Of all that there ever were. */
  get damage(): readonly Damage[] {
    return [...this.#pastDamage, ...this.#all.flatMap(({ damage }) => damage)];
  }

  infos(): SegmentInfo[] {
    return this.#all.map(({ id, bytes, entries, header, nextSequence, isSealed, order }) => {
      return { id, bytes, entries, sequence: header.sequence, nextSequence, isSealed, order };
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

  /** There is more or less in a segment that is not active. */
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
