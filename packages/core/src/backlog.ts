import { WriteAbandonedError } from './errors.js';
import { Pending, type WaitOptions } from './waiting.js';

/** A frame that found no room, already encoded; a large one in shared memory. */
export interface WaitingFrame {
  readonly frame: Buffer;
  readonly tag: number;
}

/** One call of `writeEntry` or `writeBatch` that waits, or a barrier, which has no frames. */
interface WaitingWrite {
  readonly frames: readonly WaitingFrame[];
  /** Entries of the same call that had been accepted at once. */
  readonly acceptedBefore: number;
  next: number;
  readonly pending: Pending;
}

/**
 * Entries that found no room in any ring, copied, in the order in which they were written. All
 * later writes queue up behind them, so that order is kept.
 */
export class Backlog {
  readonly #writes: WaitingWrite[] = [];
  #bytes = 0;

  get isEmpty(): boolean {
    return this.#writes.length === 0;
  }

  /** Bytes of the frames that wait. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Entries that wait. */
  get entries(): number {
    return this.#writes.reduce((sum, write) => sum + write.frames.length - write.next, 0);
  }

  /** The frame that is due first. */
  get head(): WaitingFrame | undefined {
    const write = this.#writes[0];
    return write?.frames[write.next];
  }

  /**
   * Queues frames up. The promise resolves once all of them are in rings, and rejects with a
   * `WriteAbandonedError` when they are given up before.
   */
  push(
    frames: readonly WaitingFrame[],
    acceptedBefore: number,
    options: WaitOptions,
  ): Promise<void> {
    return this.#push('room for the entries', frames, acceptedBefore, options, (write, error) =>
      this.#abandon(write, error),
    );
  }

  /** Resolves once everything that waits now is in rings. */
  barrier(options: WaitOptions): Promise<void> {
    return this.#push('room for the entries', [], 0, options, (write, error) => {
      this.#remove(write);
      write.pending.reject(error);
    });
  }

  /** Places what there is room for, in order. */
  drain(place: (waiting: WaitingFrame) => boolean): void {
    for (let write = this.#writes[0]; write !== undefined; write = this.#writes[0]) {
      for (let waiting = write.frames[write.next]; waiting; waiting = write.frames[write.next]) {
        if (!place(waiting)) return;
        this.#bytes -= waiting.frame.length;
        write.next++;
      }
      this.#writes.shift();
      write.pending.resolve();
    }
  }

  /** Gives up all that waits. */
  abandonAll(error: unknown): void {
    for (const write of [...this.#writes]) this.#abandon(write, error);
  }

  #push(
    awaited: string,
    frames: readonly WaitingFrame[],
    acceptedBefore: number,
    options: WaitOptions,
    giveUp: (write: WaitingWrite, error: unknown) => void,
  ): Promise<void> {
    const pending = new Pending(awaited, options, (error) => giveUp(write, error));
    const write: WaitingWrite = { frames, acceptedBefore, next: 0, pending };
    this.#writes.push(write);
    for (const { frame } of frames) this.#bytes += frame.length;
    return pending.promise;
  }

  #abandon(write: WaitingWrite, error: unknown): void {
    const refused = write.frames.slice(write.next);
    this.#remove(write);
    for (const { frame } of refused) this.#bytes -= frame.length;
    const accepted = write.acceptedBefore + write.next;
    write.pending.reject(new WriteAbandonedError(accepted, refused.length, error));
  }

  #remove(write: WaitingWrite): void {
    this.#writes.splice(this.#writes.indexOf(write), 1);
  }
}
