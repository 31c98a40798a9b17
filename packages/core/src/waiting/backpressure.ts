import type { DetachedFrame, Lane } from '@ringest/workers';
import type { Placer } from '../placing/placer.js';

/** Room in the rings: lanes wake the muxer when there is some, and `drain` is due then. */
export class Backpressure {
  readonly #placer: Placer;
  /** Somebody waits for `drain`. */
  #isOwed = false;
  /** `drain` is due once a frame of so many bytes finds room. */
  #owedBytes = 0;

  constructor(placer: Placer) {
    this.#placer = placer;
  }

  /** Whether somebody waits for `drain`. */
  get isDrainPending(): boolean {
    return this.#isOwed;
  }

  /** Whether a new frame of so many bytes finds room in a ring. */
  hasRoom(frameBytes: number): boolean {
    const { acceptsNew, balancer } = this.#placer;
    return acceptsNew && balancer.isAnyEligible((lane) => lane.hasRoom(frameBytes));
  }

  /**
   * Somebody waits until there is room for a frame of so many bytes.
   * @returns whether that is news
   */
  requestDrain(frameBytes: number): boolean {
    if (this.#isOwed && frameBytes <= this.#owedBytes) return false;
    this.#isOwed = true;
    this.#owedBytes = Math.max(this.#owedBytes, frameBytes);
    return true;
  }

  /**
   * Has every open lane wake the muxer when it has room for a frame.
   * @param waiting the frame that is due first, if one waits
   * @returns whether a lane has room by now
   */
  arm(waiting: DetachedFrame | undefined): boolean {
    const { acceptsNew, balancer } = this.#placer;
    // Otherwise it is not for room in a ring that it waits.
    if (waiting === undefined || !(waiting.isCached || acceptsNew)) return false;
    const lanes = balancer.eligible().filter((lane) => !lane.refuses(waiting.tag));
    return armAll(lanes, waiting.frame.length);
  }

  /**
   * Whether `drain` is due, to be called while no write waits. The request is over then; if `drain` is
   * not due yet, lanes wake the muxer when it may be.
   * @param isTakenElsewhere new entries that find no room are taken all the same
   */
  endDrainRequest(isTakenElsewhere: boolean): boolean {
    if (!this.#isOwed) return false;
    while (!this.hasRoom(this.#owedBytes) && !isTakenElsewhere) {
      const { acceptsNew, balancer } = this.#placer;
      if (!acceptsNew || !armAll(balancer.eligible(), this.#owedBytes)) return false;
    }
    this.#isOwed = false;
    this.#owedBytes = 0;
    return true;
  }
}

/** Has every lane tell of room for a frame. Returns whether one has it by now. */
function armAll(lanes: readonly Lane[], frameBytes: number): boolean {
  let hasRoom = false;
  for (const lane of lanes) if (lane.wakeForRoom(frameBytes)) hasRoom = true;
  return hasRoom;
}
