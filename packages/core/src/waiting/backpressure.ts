import type { DetachedFrame } from '@ringest/workers';
import type { Outlet } from '../placing/outlet.js';
import type { Placer } from '../placing/placer.js';

/** Asks lanes for a `wake` when they have room, and decides when the event `drain` is due. */
export class Backpressure {
  readonly #placer: Placer;
  /** Whether a caller was promised a `drain`. */
  #isOwed = false;
  /** `drain` is due when a frame of this many bytes finds room. */
  #owedBytes = 0;

  constructor(placer: Placer) {
    this.#placer = placer;
  }

  /** Whether a caller was promised a `drain`. */
  get isDrainPending(): boolean {
    return this.#isOwed;
  }

  /** Whether a new frame of this many bytes finds room in a ring. */
  hasRoom(frameBytes: number): boolean {
    const { acceptsNew, balancer } = this.#placer;
    return acceptsNew && balancer.isAnyEligible((lane) => lane.hasRoom(frameBytes));
  }

  /**
   * Promises a `drain` for when a frame of this many bytes finds room.
   * @returns whether this promises more than before
   */
  requestDrain(frameBytes: number): boolean {
    if (this.#isOwed && frameBytes <= this.#owedBytes) return false;
    this.#isOwed = true;
    this.#owedBytes = Math.max(this.#owedBytes, frameBytes);
    return true;
  }

  /**
   * Asks the lanes for a `wake` when they have room for a frame.
   * @param waiting the oldest waiting frame; `undefined`: none waits
   * @returns whether a lane already has room
   */
  arm(waiting: DetachedFrame | undefined): boolean {
    const { acceptsNew, balancer } = this.#placer;
    // A new frame waits for older ones while the rings accept none: room in a ring does not help it.
    if (waiting === undefined || !(waiting.isCached || acceptsNew)) return false;
    const lanes = balancer.eligible().filter((lane) => !lane.refuses(waiting.tag));
    return armAll(lanes, waiting.frame.length);
  }

  /**
   * Returns whether `drain` is due now, and ends the promise then. Otherwise it asks lanes for a `wake`.
   * Call it while no write waits.
   * @param isTakenElsewhere whether the cache accepts new entries that find no room
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

/** Asks lanes for a `wake` when they have room for a frame. Returns whether one already has it. */
function armAll(lanes: readonly Outlet[], frameBytes: number): boolean {
  let hasRoom = false;
  for (const lane of lanes) if (lane.wakeForRoom(frameBytes)) hasRoom = true;
  return hasRoom;
}
