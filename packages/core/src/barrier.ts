import type { Lane } from '@ringest/workers';
import type { Pending } from './waiting.js';

/** Where every lane was at one moment: reached once all that was written before is confirmed. */
export class Barrier {
  readonly pending: Pending;
  #open: readonly { readonly lane: Lane; readonly cursor: number }[];

  constructor(lanes: readonly Lane[], pending: Pending) {
    this.pending = pending;
    this.#open = lanes.map((lane) => ({ lane, cursor: lane.writer.cursor }));
  }

  /** Lanes with entries from before that are not confirmed. */
  openLanes(): Lane[] {
    this.#open = this.#open.filter(({ lane, cursor }) => !lane.isReleased(cursor));
    return this.#open.map(({ lane }) => lane);
  }

  /** Has every open lane wake its muxer. Returns whether one got there meanwhile. */
  arm(): boolean {
    return this.#open.some(({ lane, cursor }) => lane.wakeWhenReleased(cursor));
  }
}
