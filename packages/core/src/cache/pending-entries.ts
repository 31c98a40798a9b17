import type { CachePlace, CacheSegment } from '@ringest/cache';
import { Ranges } from './ranges.js';

/** Entries that are in a segment, and that no lane has got. */
export interface OutstandingSegment {
  readonly id: number;
  /** See `CacheSegment`. */
  readonly order: number;
  /** Another run wrote it: entries of it may have arrived, and its tags are that run's. */
  readonly isOld: boolean;
  readonly sequences: Ranges;
  /** How many of them were found damaged. */
  readonly damaged: number;
  /** Not read before then, on the clock of `performance.now()`: it could not be read. */
  notBefore: number;
  readonly marks: Set<object>;
}

/** A block that is not stored: its entries are in memory. */
export interface OutstandingBlock {
  readonly key: number;
  /** Unstamped frames, back to back. */
  readonly frames: Buffer;
  readonly count: number;
  place: CachePlace | undefined;
  /** Its entries are being written to rings: the memory is needed until they are. */
  isReplaying: boolean;
  /** Lanes have got its entries: in the cache are copies of them. */
  isReplayed: boolean;
  isStored: boolean;
  readonly marks: Set<object>;
}

/**
 * The entries that are in the cache only, oldest first: those that earlier runs have left, those
 * that are stored, by segment, and then the blocks that are not stored yet.
 *
 * A mark on the newest of them is given back once they are all in rings.
 */
export class PendingEntries {
  /** Those of earlier runs by rising order, then those of this one by rising id. */
  readonly #segments = new Map<number, OutstandingSegment>();
  /** By rising key. */
  readonly #blocks = new Map<number, OutstandingBlock>();
  /** Ids of segments with entries that lanes have got. */
  readonly #thinned = new Set<number>();
  readonly #passed: (mark: object) => void;
  /** The highest id of a segment that an earlier run has left. */
  #lastOld = 0;

  /** @param passed is called with each mark when all that is older than it is in rings */
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

  /** How many of them are in some blocks. */
  entriesOf(blocks: readonly { readonly key: number }[]): number {
    const keys = new Set(blocks.map(({ key }) => key));
    let entries = 0;
    for (const { key, isReplayed, count } of this.#blocks.values()) {
      if (!isReplayed && keys.has(key)) entries += count;
    }
    return entries;
  }

  /** Whether a segment has entries that no lane has got. */
  isIn(segment: number): boolean {
    if (this.#segments.has(segment)) return true;
    for (const { isReplayed, place } of this.#blocks.values()) {
      if (!isReplayed && place?.segment === segment) return true;
    }
    return false;
  }

  /**
   * A segment in which some entries are outstanding, and others are not: the next run, which finds
   * all of them, would send those again.
   */
  get thinned(): OutstandingSegment | undefined {
    for (const id of this.#thinned) {
      const segment = this.#segments.get(id);
      if (segment !== undefined) return segment;
    }
    return undefined;
  }

  /**
   * The order of a segment with what was under way when the muxer closed: before all that is left of
   * this run, and before what earlier runs have left, if some of that was under way too.
   */
  get orderBefore(): number {
    const isOld = (id: number) => id <= this.#lastOld;
    const oldest = [...this.#segments.values()].find((segment) => segment.isOld);
    const isAnyUnderWay = [...this.#thinned].some(isOld);
    // Segments are numbered in whole steps.
    return isAnyUnderWay && oldest !== undefined ? oldest.order - 0.5 : this.#lastOld + 0.5;
  }

  /** Earlier runs left these. */
  found(segments: readonly CacheSegment[]): void {
    for (const { id, order, sequence, nextSequence, entries } of segments) {
      this.#lastOld = Math.max(this.#lastOld, id);
      // Of some, nothing is left that can be read.
      if (nextSequence === sequence) continue;
      const damaged = nextSequence - sequence - entries;
      this.#add({ id, order, isOld: true, damaged }).sequences.append(sequence, nextSequence);
    }
  }

  /** A block was handed to the cache. */
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

  placed(key: number, place: CachePlace | undefined): void {
    const block = this.#blocks.get(key);
    if (block !== undefined) block.place = place;
    else if (place !== undefined) this.#thinned.add(place.segment);
  }

  /** @returns whether its memory is needed no more */
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

  /** What is to be brought back first; `undefined`: nothing is, or nothing can be read now. */
  next(): OutstandingSegment | OutstandingBlock | undefined {
    const now = performance.now();
    for (const segment of this.#segments.values()) if (segment.notBefore <= now) return segment;
    for (const block of this.#blocks.values()) if (!block.isReplayed) return block;
    return undefined;
  }

  /** Some entries of a segment are in rings. They count as outstanding until `take`. */
  begun(segment: OutstandingSegment): void {
    this.#thinned.add(segment.id);
  }

  /** Entries of a segment are in rings, or are gone. @returns how many were outstanding */
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
   * @returns whether its memory is needed no more
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

  /** What is outstanding in a segment. */
  inSegment(id: number): OutstandingSegment | undefined {
    return this.#segments.get(id);
  }

  /** A segment is gone, with what was outstanding in it. */
  dropped(id: number): void {
    const segment = this.#segments.get(id);
    if (segment !== undefined) this.take(segment, segment.sequences.from, segment.sequences.to);
    this.removed(id);
  }

  /** A segment is removed, with all that was in it. */
  removed(id: number): void {
    this.#thinned.delete(id);
  }

  /** A mark on the newest entry that no lane has got; `undefined`: there is none. */
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

  /** A mark waits for what is older too: a segment that could not be read is read later. */
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
