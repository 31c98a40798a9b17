import type { LooseFrame } from '@ringest/workers';
import { WriteAbandonedError } from './errors.js';
import { Pending, type WaitOptions } from './waiting.js';

/** Places at the front of the queue that are given up together. */
const COMPACTION = 4096;

/** One call that waits: the frames of a write, or none and something to do at its turn. */
interface Waiting {
  frames: readonly LooseFrame[];
  /** How many of the frames are placed. */
  next: number;
  /** All are placed, and everything that was there before. */
  placed(): void;
  /** What waits is given up. */
  abandon(error: unknown): void;
}

/**
 * Entries that found no room in any ring, copied, in the order in which they were written. All
 * later writes queue up behind them, so that order is kept.
 */
export class Backlog {
  /** What waits, from `#first` on: taking from the front of a long array would move all of it. */
  readonly #waiting: Waiting[] = [];
  #first = 0;
  #bytes = 0;
  #entries = 0;

  get isEmpty(): boolean {
    return this.#first === this.#waiting.length;
  }

  /** Bytes of the frames that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Entries that wait. */
  get entries(): number {
    return this.#entries;
  }

  /** The frame that is due first. */
  get head(): LooseFrame | undefined {
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
    frames: readonly LooseFrame[],
    acceptedBefore: number,
    options: WaitOptions,
    refused: (frames: readonly LooseFrame[]) => void,
  ): Promise<void> {
    const abandon = (error: unknown) => {
      const left = waiting.frames.slice(waiting.next);
      const accepted = acceptedBefore + waiting.next;
      // It stays in the queue with nothing to place: finding it there would take as long as the queue is.
      waiting.frames = [];
      waiting.next = 0;
      waiting.placed = () => {};
      this.#count(left, -1);
      pending.reject(new WriteAbandonedError(accepted, left.length, error));
      refused(left);
    };
    const pending = new Pending('room for the entries', options, abandon);
    const waiting: Waiting = { frames, next: 0, placed: () => pending.resolve(), abandon };
    this.#waiting.push(waiting);
    this.#count(frames, 1);
    return pending.promise;
  }

  /**
   * Queues frames up before all that waits: they were accepted long ago, and are older.
   * @param placed is called once all of them are in rings
   * @param abandoned is given those that are not when what waits is given up
   */
  putFirst(
    frames: readonly LooseFrame[],
    placed: () => void,
    abandoned: (left: readonly LooseFrame[]) => void,
  ): void {
    const waiting: Waiting = {
      frames,
      next: 0,
      placed,
      abandon: () => {
        const left = waiting.frames.slice(waiting.next);
        this.#count(left, -1);
        abandoned(left);
      },
    };
    this.#waiting.splice(this.#first, 0, waiting);
    this.#count(frames, 1);
  }

  /** Does something once all that waits now is in rings: at once when nothing does. */
  afterAll(placed: () => void): void {
    if (this.isEmpty) placed();
    else this.#waiting.push({ frames: [], next: 0, placed, abandon: () => {} });
  }

  /** Places what there is room for, in order. */
  drain(place: (waiting: LooseFrame) => boolean): void {
    for (let first = this.#waiting[this.#first]; first; first = this.#waiting[this.#first]) {
      for (let due = first.frames[first.next]; due !== undefined; due = first.frames[first.next]) {
        if (!place(due)) return;
        this.#bytes -= due.frame.length;
        this.#entries--;
        first.next++;
      }
      this.#takeFirst();
      first.placed();
    }
  }

  /** Gives up all that waits. */
  abandonAll(error: unknown): void {
    const waiting = this.#waiting.splice(0).slice(this.#first);
    this.#first = 0;
    for (const one of waiting) one.abandon(error);
  }

  #takeFirst(): void {
    this.#first++;
    if (this.#first < COMPACTION && this.#first < this.#waiting.length) return;
    this.#waiting.splice(0, this.#first);
    this.#first = 0;
  }

  #count(frames: readonly LooseFrame[], sign: 1 | -1): void {
    this.#entries += sign * frames.length;
    for (const { frame } of frames) this.#bytes += sign * frame.length;
  }
}
