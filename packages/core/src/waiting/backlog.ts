import type { DetachedFrame } from '@ringest/workers';
import { WriteAbandonedError } from '../errors.js';
import type { Slice } from '../slice.js';
import { Wait, type WaitOptions } from '../wait.js';

/** Places in the queue that stand for nothing any more, before they are given up together. */
const COMPACTION = 4096;

/**
 * Bytes that a waiting write costs beside its frames, and each frame beside its own. Measured
 * (Node 20, all of the process): 860 a write of one entry, 210 an entry of a long batch.
 */
const WRITE_COST = 640;
const FRAME_COST = 224;

const NONE: readonly DetachedFrame[] = [];

/** One call that waits: the frames of a write, or none and something to do at its turn. */
interface WaitingWrite {
  frames: readonly DetachedFrame[];
  /** How many of the frames are placed. */
  next: number;
  /** Bytes that it costs beside its frames. */
  readonly cost: number;
  /** Whether its bytes count: those of frames that were accepted long ago do not. */
  readonly isCounted: boolean;
  /** It is placed or given up, and nothing is to be done at its turn. */
  isOver: boolean;
  /** All are placed, and everything that was there before. */
  placed(): void;
  /** What waits is given up: `left`, when so many entries were placed before. */
  abandoned(left: readonly DetachedFrame[], placed: number, error: unknown): void;
}

/**
 * Entries that found no room in any ring, copied, in the order in which they were written. All
 * later writes queue up behind them, so that order is kept.
 */
export class Backlog {
  /** What waits, from `#first` on: taking from the front of a long array would move all of it. */
  #waiting: WaitingWrite[] = [];
  #first = 0;
  /** How many in the queue are given up: finding one there would take as long as the queue is. */
  #givenUp = 0;
  #bytes = 0;
  #entries = 0;

  get isEmpty(): boolean {
    return this.#first === this.#waiting.length;
  }

  /** Bytes that the writes which wait cost: their frames, and what it takes to keep them. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Entries that wait. */
  get entries(): number {
    return this.#entries;
  }

  /** The frame that is due first. */
  get head(): DetachedFrame | undefined {
    const first = this.#waiting[this.#first];
    return first?.frames[first.next];
  }

  /**
   * Queues frames up. The promise resolves once all of them are in rings, and rejects with a
   * `WriteAbandonedError` when they are given up before.
   * @param acceptedBefore entries of the same call that are in rings
   * @param refused is given the frames when they are given up; there may be room for those behind
   */
  push(
    frames: readonly DetachedFrame[],
    acceptedBefore: number,
    options: WaitOptions,
    refused: (frames: readonly DetachedFrame[]) => void,
  ): Promise<void> {
    const pending = new Wait('room for the entries', options, (error) =>
      this.#giveUp(waiting, error),
    );
    const waiting: WaitingWrite = {
      frames,
      next: 0,
      cost: WRITE_COST,
      isCounted: true,
      isOver: false,
      placed: () => pending.resolve(),
      abandoned: (left, placed, error) => {
        const abandoned = entriesOf(left);
        pending.reject(new WriteAbandonedError(acceptedBefore + placed, abandoned, error));
        refused(left);
      },
    };
    this.#waiting.push(waiting);
    this.#count(waiting);
    return pending.promise;
  }

  /**
   * Queues frames up before all that waits: they were accepted long ago, and are older.
   * @param placed is called once all of them are in rings
   * @param abandoned is given those that are not when what waits is given up
   */
  putFirst(
    frames: readonly DetachedFrame[],
    placed: () => void,
    abandoned: (left: readonly DetachedFrame[]) => void,
  ): void {
    const waiting = {
      frames,
      next: 0,
      cost: WRITE_COST,
      isCounted: false,
      isOver: false,
      placed,
      abandoned,
    };
    this.#waiting.splice(this.#first, 0, waiting);
    this.#count(waiting);
  }

  /**
   * Does something once all that waits now is in rings: at once when nothing does.
   * @returns what calls it off
   */
  afterAll(placed: () => void): () => void {
    if (this.isEmpty) {
      placed();
      return () => {};
    }
    const abandoned = () => {};
    const waiting = {
      frames: NONE,
      next: 0,
      cost: 0,
      isCounted: true,
      isOver: false,
      placed,
      abandoned,
    };
    this.#waiting.push(waiting);
    return () => this.#giveUp(waiting, undefined);
  }

  /**
   * Places what there is room for, in order.
   * @param slice when it is over, the rest stays for now
   * @returns whether it is over
   */
  placeWaiting(place: (waiting: DetachedFrame) => boolean, slice?: Slice): boolean {
    let isOver = false;
    for (let first = this.#waiting[this.#first]; first; first = this.#waiting[this.#first]) {
      for (let due = first.frames[first.next]; due !== undefined; due = first.frames[first.next]) {
        if (!place(due)) return false;
        if (first.isCounted) this.#bytes -= due.frame.length + FRAME_COST;
        this.#entries -= due.entries;
        first.next++;
        isOver = slice?.isOverAfterFrame() ?? false;
        if (isOver && first.next < first.frames.length) return true;
      }
      // Also at the end of the slice: what is placed can no longer be given up.
      this.#takeFirst(first);
      if (isOver) return true;
    }
    return false;
  }

  /** Gives up all that waits. */
  abandonAll(error: unknown): void {
    const waiting = this.#waiting.slice(this.#first);
    this.#waiting = [];
    this.#first = 0;
    for (const one of waiting) this.#giveUp(one, error);
    this.#givenUp = 0;
  }

  #takeFirst(first: WaitingWrite): void {
    // Its place in the array may outlast it by far.
    first.frames = NONE;
    this.#first++;
    if (this.#first >= COMPACTION || this.isEmpty) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
    if (first.isOver) {
      this.#givenUp--;
      return;
    }
    first.isOver = true;
    if (first.isCounted) this.#bytes -= first.cost;
    first.placed();
  }

  #giveUp(waiting: WaitingWrite, error: unknown): void {
    if (waiting.isOver) return;
    const { frames, next, cost } = waiting;
    const left = frames.slice(next);
    const placed = entriesOf(frames.slice(0, next));
    this.#entries -= entriesOf(left);
    if (waiting.isCounted) this.#bytes -= bytesOf(left) + cost;
    waiting.isOver = true;
    waiting.frames = NONE;
    waiting.next = 0;
    this.#givenUp++;
    if (this.#givenUp >= COMPACTION) this.#dropGivenUp();
    waiting.abandoned(left, placed, error);
  }

  #dropGivenUp(): void {
    this.#waiting = this.#waiting.slice(this.#first).filter(({ isOver }) => !isOver);
    this.#first = 0;
    this.#givenUp = 0;
  }

  #count({ frames, cost, isCounted }: WaitingWrite): void {
    this.#entries += entriesOf(frames);
    if (isCounted) this.#bytes += bytesOf(frames) + cost;
  }
}

function entriesOf(frames: readonly DetachedFrame[]): number {
  return frames.reduce((sum, { entries }) => sum + entries, 0);
}

/** Bytes that frames cost. */
function bytesOf(frames: readonly DetachedFrame[]): number {
  return frames.reduce((bytes, { frame }) => bytes + frame.length + FRAME_COST, 0);
}
