import { WriteAbandonedError } from './errors.js';
import { Pending, type WaitOptions } from './waiting.js';

/** A frame that found no room, already encoded; a large one in shared memory. */
export interface WaitingFrame {
  readonly frame: Buffer;
  readonly tag: number;
}

/** One call that waits: the frames of a write, or none and something to do at its turn. */
interface Waiting {
  readonly frames: readonly WaitingFrame[];
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
  readonly #waiting: Waiting[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** Bytes of the frames that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Entries that wait. */
  get entries(): number {
    return this.#waiting.reduce((sum, { frames, next }) => sum + frames.length - next, 0);
  }

  /** The frame that is due first. */
  get head(): WaitingFrame | undefined {
    const first = this.#waiting[0];
    return first?.frames[first.next];
  }

  /**
   * Queues frames up. The promise resolves once all of them are in rings, and rejects with a
   * `WriteAbandonedError` when they are given up before.
   * @param acceptedBefore entries of the same call that are in rings
   * @param onGiveUp the caller's time is over: there may be room for those behind
   */
  push(
    frames: readonly WaitingFrame[],
    acceptedBefore: number,
    options: WaitOptions,
    onGiveUp: () => void,
  ): Promise<void> {
    const pending = new Pending('room for the entries', options, (error) => {
      waiting.abandon(error);
      onGiveUp();
    });
    const waiting: Waiting = {
      frames,
      next: 0,
      placed: () => pending.resolve(),
      abandon: (error) => {
        this.#remove(waiting);
        const accepted = acceptedBefore + waiting.next;
        const refused = frames.length - waiting.next;
        pending.reject(new WriteAbandonedError(accepted, refused, error));
      },
    };
    this.#waiting.push(waiting);
    for (const { frame } of frames) this.#bytes += frame.length;
    return pending.promise;
  }

  /** Does something once all that waits now is in rings: at once when nothing does. */
  afterAll(placed: () => void): void {
    if (this.isEmpty) placed();
    else this.#waiting.push({ frames: [], next: 0, placed, abandon: () => {} });
  }

  /** Places what there is room for, in order. */
  drain(place: (waiting: WaitingFrame) => boolean): void {
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      for (let due = first.frames[first.next]; due !== undefined; due = first.frames[first.next]) {
        if (!place(due)) return;
        this.#bytes -= due.frame.length;
        first.next++;
      }
      this.#waiting.shift();
      first.placed();
    }
  }

  /** Gives up all that waits. */
  abandonAll(error: unknown): void {
    for (const waiting of this.#waiting.splice(0)) waiting.abandon(error);
    this.#bytes = 0;
  }

  #remove(waiting: Waiting): void {
    const index = this.#waiting.indexOf(waiting);
    if (index === -1) return;
    this.#waiting.splice(index, 1);
    for (const { frame } of waiting.frames.slice(waiting.next)) this.#bytes -= frame.length;
  }
}
