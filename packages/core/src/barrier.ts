import type { Lane } from '@ringest/workers';
import type { Pending } from './waiting.js';

/** Where every lane was at one moment: passed once all that was written before is confirmed. */
export class Barrier {
  readonly pending: Pending;
  #open: readonly { readonly lane: Lane; readonly cursor: number }[] | undefined;

  constructor(pending: Pending) {
    this.pending = pending;
  }

  /** The moment is now. */
  place(lanes: readonly Lane[]): void {
    this.#open = lanes.map((lane) => ({ lane, cursor: lane.writer.cursor }));
  }

  /** Whether everything is confirmed that was written before it was placed. */
  isPassed(): boolean {
    this.#open = this.#open?.filter(({ lane, cursor }) => !lane.isReleased(cursor));
    return this.#open?.length === 0;
  }

  /** Asks the indexers for what is not confirmed. */
  flush(): void {
    for (const { lane } of this.#open ?? []) lane.flush();
  }

  /** Has every open lane wake its muxer. Returns whether one got there meanwhile. */
  arm(): boolean {
    let isMet = false;
    for (const { lane, cursor } of this.#open ?? []) {
      if (lane.wakeWhenReleased(cursor)) isMet = true;
    }
    return isMet;
  }
}
