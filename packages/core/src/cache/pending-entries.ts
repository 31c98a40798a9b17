import type { CachePlace, CacheSegment } from '@ringest/cache';
import { Ranges } from './ranges.js';

/** A segment with entries that are in no ring yet. */
export interface OutstandingSegment {
  readonly id: number;
  /** See `CacheSegment`. */
  readonly order: number;
  /**
   * Whether an earlier run wrote it. Then its entries may have arrived, and its tags are those of that run.
   */
  readonly isOld: boolean;
  /** The sequences of these entries. */
  readonly sequences: Ranges;
  /** How many of them are damaged. */
  readonly damaged: number;
  /** When it is read again after an error, on the clock of `performance.now()`; 0: now. */
  notBefore: number;
  /** Marks on its newest entry. */
  readonly marks: Set<object>;
}

/** A block that is not stored yet: its entries are in memory. */
export interface OutstandingBlock {
  readonly key: number;
  /** Unstamped frames, back to back. */
  readonly frames: Buffer;
  readonly count: number;
  place: CachePlace | undefined;
  /** Whether its entries are being placed in rings. The memory is needed until all of them are. */
  isReplaying: boolean;
  /** Whether its entries are in rings. The cache has copies then. */
  isReplayed: boolean;
  isStored: boolean;
  readonly marks: Set<object>;
}

/**
 * The entries that are only in the cache, oldest first: segments of earlier runs, then segments of this run,
 * and then blocks that are not stored yet.
 *
 * A barrier puts a mark on the newest entry. The mark is passed when that entry and all older ones of this
 * run are in rings.
 */
export class PendingEntries {
  /** Segments of earlier runs by rising order, then segments of this run by rising id. */
  readonly #segments = new Map<number, OutstandingSegment>();
  /** By rising key. */
  readonly #blocks = new Map<number, OutstandingBlock>();
  /** Ids of segments of which some entries are in rings, or were. */
  readonly #thinned = new Set<number>();
  readonly #passed: (mark: object) => void;
  /** The highest id of a segment that an earlier run has left. */
  #lastOld = 0;

  /** @param passed called with each mark that is passed */
  constructor(passed: (mark: object) => void) {
    this.#passed = passed;
  }

  get entries(): number {
    let entries = 0;
    for (const { sequences, damaged } of this.#segments.values()) {
      entries += Math.max(0, sequences.size - damaged);
    }
    for (const { isReplayed, count } of this.#blocks.values()) if (!isReplayed) entries += count;
    return entries;
  }

  /** How many entries of these blocks are only in the cache. */
  entriesOf(blocks: readonly { readonly key: number }[]): number {
    const keys = new Set(blocks.map(({ key }) => key));
    let entries = 0;
    for (const { key, isReplayed, count } of this.#blocks.values()) {
      if (!isReplayed && keys.has(key)) entries += count;
    }
    return entries;
  }

  /** Whether a segment has entries that are only there. */
  isIn(segment: number): boolean {
    if (this.#segments.has(segment)) return true;
    for (const { isReplayed, place } of this.#blocks.values()) {
      if (!isReplayed && place?.segment === segment) return true;
    }
    return false;
  }

  /**
   * A segment with entries that are only there, and others that are in rings, or were. The next run finds all
   * of them, and would send the others again.
   */
  get thinned(): OutstandingSegment | undefined {
    for (const id of this.#thinned) {
      const segment = this.#segments.get(id);
      if (segment !== undefined) return segment;
    }
    return undefined;
  }

  /**
   * The order for a segment of leftovers. The next run reads it before everything that is left of this run.
   * If some leftovers are from earlier runs, it also reads it before everything that they have left.
   */
  get orderBefore(): number {
    const isOld = (id: number) => id <= this.#lastOld;
    const oldest = [...this.#segments.values()].find((segment) => segment.isOld);
    const isAnyUnderWay = [...this.#thinned].some(isOld);
    // Segments are numbered in whole steps.
    return isAnyUnderWay && oldest !== undefined ? oldest.order - 0.5 : this.#lastOld + 0.5;
  }

  /** Adds the segments that earlier runs have left. */
  found(segments: readonly CacheSegment[]): void {
    for (const { id, order, sequence, nextSequence, entries } of segments) {
      this.#lastOld = Math.max(this.#lastOld, id);
      // No entry of it can be read.
      if (nextSequence === sequence) continue;
      const damaged = nextSequence - sequence - entries;
      this.#add({ id, order, isOld: true, damaged }).sequences.append(sequence, nextSequence);
    }
  }

  /** Adds a block that was handed to the cache. */
  appended(key: number, frames: Buffer, count: number): void {
    this.#blocks.set(key, {
      key,
      frames,
      count,
      place: undefined,
      isReplaying: false,
      isReplayed: false,
      isStored: false,
      marks: new Set(),
    });
  }

  /** A block is in a segment now; `undefined`: in none any more. */
  placed(key: number, place: CachePlace | undefined): void {
    const block = this.#blocks.get(key);
    if (block !== undefined) block.place = place;
    else if (place !== undefined) this.#thinned.add(place.segment);
  }

  /**
   * A block is stored.
   * @returns whether its memory can be freed
   */
  stored(key: number): boolean {
    const block = this.#blocks.get(key);
    if (block === undefined) return true;
    block.isStored = true;
    if (block.isReplaying) return false;
    this.#blocks.delete(key);
    const { isReplayed, place, count, marks } = block;
    if (place === undefined) return true;
    if (isReplayed) {
      this.#thinned.add(place.segment);
      return true;
    }
    const id = place.segment;
    const own = { id, order: id, isOld: false, damaged: 0 };
    const segment = this.#segments.get(id) ?? this.#add(own);
    segment.sequences.append(place.sequence, place.sequence + count);
    for (const mark of marks) segment.marks.add(mark);
    return true;
  }

  /** The oldest segment or block to replay; `undefined`: there is none, or none can be read now. */
  next(): OutstandingSegment | OutstandingBlock | undefined {
    const now = performance.now();
    for (const segment of this.#segments.values()) if (segment.notBefore <= now) return segment;
    for (const block of this.#blocks.values()) if (!block.isReplayed) return block;
    return undefined;
  }

  /** An entry of a segment is in a ring. It counts as pending until `take`. */
  begun(segment: OutstandingSegment): void {
    this.#thinned.add(segment.id);
  }

  /**
   * Removes entries of a segment: they are in rings, or lost.
   * @returns how many were pending
   */
  take(segment: OutstandingSegment, from: number, to: number): number {
    const taken = segment.sequences.remove(from, to);
    this.#thinned.add(segment.id);
    if (segment.sequences.isEmpty && this.#segments.get(segment.id) === segment) {
      this.#segments.delete(segment.id);
      this.#passMarks(segment.marks, this.#segmentsBefore(segment.id));
    }
    return taken;
  }

  /**
   * The entries of a block are in rings.
   * @returns whether its memory can be freed
   */
  replayed(block: OutstandingBlock): boolean {
    block.isReplaying = false;
    block.isReplayed = true;
    if (block.isStored) {
      this.#blocks.delete(block.key);
      if (block.place !== undefined) this.#thinned.add(block.place.segment);
    }
    const segments = this.#segmentsBefore(Number.POSITIVE_INFINITY);
    this.#passMarks(block.marks, [...segments, ...this.#blocksBefore(block.key)]);
    return block.isStored;
  }

  /** The pending entries of a segment; `undefined`: it has none. */
  inSegment(id: number): OutstandingSegment | undefined {
    return this.#segments.get(id);
  }

  /** A segment was dropped with its pending entries. */
  dropped(id: number): void {
    const segment = this.#segments.get(id);
    if (segment !== undefined) this.take(segment, segment.sequences.from, segment.sequences.to);
    this.removed(id);
  }

  /** A segment was removed. */
  removed(id: number): void {
    this.#thinned.delete(id);
  }

  /**
   * Puts a mark on the newest pending entry, and returns it; `undefined`: no entry of this run is pending.
   */
  mark(): object | undefined {
    const newest =
      [...this.#blocks.values()].reverse().find(({ isReplayed }) => !isReplayed) ??
      [...this.#segments.values()].reverse().find(({ isOld }) => !isOld);
    const [known] = newest?.marks ?? [];
    if (newest === undefined || known !== undefined) return known;
    const mark = {};
    newest.marks.add(mark);
    return mark;
  }

  #add(known: Pick<OutstandingSegment, 'id' | 'order' | 'isOld' | 'damaged'>): OutstandingSegment {
    const segment = { ...known, sequences: new Ranges(), notBefore: 0, marks: new Set<object>() };
    this.#segments.set(known.id, segment);
    return segment;
  }

  /**
   * Passes marks, or moves them to the newest of the older entries: a segment may be read late, after an
   * error.
   */
  #passMarks(marks: ReadonlySet<object>, older: readonly { readonly marks: Set<object> }[]): void {
    const next = older.at(-1);
    for (const mark of marks) {
      if (next === undefined) this.#passed(mark);
      else next.marks.add(mark);
    }
  }

  #segmentsBefore(id: number): OutstandingSegment[] {
    return [...this.#segments.values()].filter((segment) => !segment.isOld && segment.id < id);
  }

  #blocksBefore(key: number): OutstandingBlock[] {
    return [...this.#blocks.values()].filter((block) => !block.isReplayed && block.key < key);
  }
}
