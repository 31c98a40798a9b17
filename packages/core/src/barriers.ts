import type { Lane } from '@ringest/workers';
import { Pending, type WaitOptions } from './waiting.js';

/** Where every lane was at one moment: passed once all that was written before is confirmed. */
class Barrier {
  readonly pending: Pending;
  /** Whether the indexers are asked to confirm at once. */
  readonly forces: boolean;
  #open: { readonly lane: Lane; readonly cursor: number }[] | undefined;

  constructor(pending: Pending, forces: boolean) {
    this.pending = pending;
    this.forces = forces;
  }

  get isPlaced(): boolean {
    return this.#open !== undefined;
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

  /** Has every open lane wake its muxer. Returns whether one got there meanwhile. */
  arm(): boolean {
    let isMet = false;
    for (const { lane, cursor } of this.#open ?? []) {
      if (lane.wakeWhenReleased(cursor)) isMet = true;
    }
    return isMet;
  }
}

/**
 * Those who wait until all that was written before is confirmed. They are served in order: what the
 * first one waits for, the others wait for too, so that only the first one has to be looked at.
 */
export class Barriers {
  readonly #lanes: readonly Lane[];
  readonly #waiting = new Set<Barrier>();

  constructor(lanes: readonly Lane[]) {
    this.#lanes = lanes;
  }

  /**
   * Somebody waits from now on.
   * @param placeLater calls what it is given once everything written so far is in rings; returns
   *   what calls that off
   */
  add(
    forces: boolean,
    options: WaitOptions,
    placeLater: (place: () => void) => () => void,
  ): Promise<void> {
    const pending = new Pending('the confirmation of all entries', options, (error) => {
      this.#waiting.delete(barrier);
      callOff();
      pending.reject(error);
    });
    const barrier = new Barrier(pending, forces);
    this.#waiting.add(barrier);
    const callOff = placeLater(() => {
      barrier.place(this.#lanes);
      if (forces) for (const lane of this.#lanes) lane.flush();
    });
    return pending.promise;
  }

  /** Entries were moved between rings: all who are placed wait for everything that is in rings now. */
  placeAnew(): void {
    for (const barrier of this.#waiting) if (barrier.isPlaced) barrier.place(this.#lanes);
    this.flush();
  }

  /** Asks the indexers again, if anybody wants that: one may be new. */
  flush(): void {
    for (const { forces } of this.#waiting) {
      if (!forces) continue;
      for (const lane of this.#lanes) lane.flush();
      return;
    }
  }

  /** Serves those whose wait is over. Returns whether more got there meanwhile: then call it again. */
  settle(): boolean {
    for (const barrier of this.#waiting) {
      if (!barrier.isPassed()) return barrier.arm();
      this.#waiting.delete(barrier);
      barrier.pending.resolve();
    }
    return false;
  }

  rejectAll(error: Error): void {
    for (const { pending } of this.#waiting) pending.reject(error);
    this.#waiting.clear();
  }
}
