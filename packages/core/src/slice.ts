import { type Clock, realClock } from '@ringest/workers';

/** Milliseconds for which frames are placed before the event loop gets its turn. */
const SLICE_MS = 2;
/** Frames between two looks at the clock. */
const LOOK_FRAMES = 64;

/** A slice of work that places many frames: when it is over, the event loop gets its turn. */
export class Slice {
  readonly #clock: Pick<Clock, 'now'>;
  readonly #end: number;
  #frames = 0;

  constructor(clock: Pick<Clock, 'now'> = realClock) {
    this.#clock = clock;
    this.#end = clock.now() + SLICE_MS;
  }

  /** One more frame is placed. Returns whether the slice is over. */
  isOverAfterFrame(): boolean {
    this.#frames++;
    return this.#frames % LOOK_FRAMES === 0 && this.#clock.now() >= this.#end;
  }
}
