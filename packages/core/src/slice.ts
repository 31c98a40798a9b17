import { type Clock, realClock } from '@ringest/workers';

/** The longest slice, in milliseconds. */
const SLICE_MS = 2;
/** The clock is read once per this many frames. */
const LOOK_FRAMES = 64;

/** A limit for the time that placing many frames takes: when a slice is over, the event loop must run. */
export class Slice {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #end: number;
  #frames = 0;

  constructor(clock: Pick<Clock, 'now'> = realClock) {
    this.#clock = clock;
    this.#end = clock.now() + SLICE_MS;
  }

  /** Whether the slice is over. It reads the clock. */
  get isOver(): boolean {
    return this.#clock.now() >= this.#end;
  }

  /** Counts a frame that was placed. Returns whether the slice is over. */
  isOverAfterFrame(): boolean {
    this.#frames++;
    return this.#frames % LOOK_FRAMES === 0 && this.isOver;
  }
}
