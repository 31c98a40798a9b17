import type { Lane } from '@ringest/workers';
import { Wait, type WaitOptions } from '../wait.js';

/** Where every lane was at one moment: passed once all that was written before is confirmed. */
class Barrier {
  readonly pending: Wait;
  /** Whether the indexers are asked to confirm at once. */
  readonly forces: boolean;
  /** Moves of frames that were written before it, which are in no ring for sure; few have any. */
  moves: Set<object> | undefined;
  /** The move that ends when what was outside of the rings is in them, until it does. */
  outside: object | undefined;
  /** By lane, in their order; `undefined`: the moment has not come. */
  #positions: number[] | undefined;

  constructor(pending: Wait, forces: boolean) {
    this.pending = pending;
    this.forces = forces;
  }

  get isPlaced(): boolean {
    return this.#positions !== undefined;
  }

  /** The moment is now, for all lanes. */
  place(lanes: readonly Lane[]): void {
    this.#positions = lanes.map((lane) => lane.position);
  }

  /** For this lane, it is now. */
  placeOn(index: number, lane: Lane): void {
    if (this.#positions !== undefined) this.#positions[index] = lane.position;
  }

  /** Whether a lane has unconfirmed frames that were written before it was placed. */
  isUnconfirmedOn(index: number, lane: Lane): boolean {
    return !lane.isReleased(this.#positions?.[index] ?? 0);
  }

  /** Whether everything is confirmed that was written before it was placed. */
  isPassed(lanes: readonly Lane[]): boolean {
    if (this.#positions === undefined || (this.moves?.size ?? 0) > 0) return false;
    return lanes.every((lane, i) => !this.isUnconfirmedOn(i, lane));
  }

  /** Has every open lane wake its muxer. Returns whether the barrier is passed by now. */
  arm(lanes: readonly Lane[]): boolean {
    for (const [i, lane] of lanes.entries()) {
      const position = this.#positions?.[i];
      if (position !== undefined) lane.wakeWhenReleased(position);
    }
    // A lane that got there between two looks has not been armed, and will not wake.
    return this.isPassed(lanes);
  }
}

/**
 * Those who wait until all that was written before is confirmed. They are served in order: what the
 * first one waits for, the others wait for too, so that only the first one has to be looked at.
 *
 * Frames that are moved between rings are followed: a barrier in whose past they lie waits for the
 * end of the move, and then for what is in the rings that they went to.
 */
export class Barriers {
  readonly #lanes: readonly Lane[];
  readonly #waiting = new Set<Barrier>();
  /** Moves, each with the lane that it takes frames from; `undefined`: from outside the rings. */
  readonly #moves = new Map<object, Lane | undefined>();

  readonly #outside: () => object | undefined;

  /**
   * @param outside a move for what was written and is outside of the rings now, if anything is:
   *   it has ended for all barriers when all of that is in rings
   */
  constructor(lanes: readonly Lane[], outside: () => object | undefined = () => undefined) {
    this.#lanes = lanes;
    this.#outside = outside;
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
    const pending = new Wait('the confirmation of all entries', options, (error) => {
      this.#waiting.delete(barrier);
      callOff();
      pending.reject(error);
    });
    const barrier = new Barrier(pending, forces);
    this.#waiting.add(barrier);
    const callOff = placeLater(() => {
      barrier.place(this.#lanes);
      for (const [move, lane] of this.#moves) this.#follow(barrier, move, lane);
      const outside = this.#outside();
      if (outside !== undefined) this.#followOutside(barrier, outside);
      if (forces) for (const lane of this.#lanes) lane.flush();
    });
    return pending.promise;
  }

  /** Frames are moved from a lane, or from outside the rings, until `endMove`. */
  beginMove(move: object, lane: Lane | undefined): void {
    this.#moves.set(move, lane);
    for (const barrier of this.#waiting) this.#follow(barrier, move, lane);
  }

  /** @param receivers lanes that may have got frames of the move */
  endMove(move: object, receivers: ReadonlySet<Lane>): void {
    this.#moves.delete(move);
    for (const barrier of this.#waiting) {
      if (!barrier.moves?.delete(move)) continue;
      if (barrier.outside === move) barrier.outside = undefined;
      for (const [i, lane] of this.#lanes.entries()) {
        if (receivers.has(lane)) barrier.placeOn(i, lane);
      }
    }
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

  /**
   * Serves those whose wait is over.
   * @param refusal why they are rejected: entries that nobody takes are missing
   * @returns whether more got there meanwhile: then call it again
   */
  settle(refusal: Error | undefined): boolean {
    for (const barrier of this.#waiting) {
      if (!barrier.isPassed(this.#lanes)) return barrier.arm(this.#lanes);
      this.#waiting.delete(barrier);
      if (refusal === undefined) barrier.pending.resolve();
      else barrier.pending.reject(refusal);
    }
    return false;
  }

  /** What was outside of the rings is lost: nobody who waits for it waits any more. */
  rejectOutside(error: Error): void {
    for (const barrier of this.#waiting) {
      if (barrier.outside === undefined) continue;
      this.#waiting.delete(barrier);
      barrier.pending.reject(error);
    }
  }

  rejectAll(error: Error): void {
    for (const { pending } of this.#waiting) pending.reject(error);
    this.#waiting.clear();
  }

  #follow(barrier: Barrier, move: object, lane: Lane | undefined): void {
    if (!barrier.isPlaced) return;
    const isConcerned =
      lane === undefined || barrier.isUnconfirmedOn(this.#lanes.indexOf(lane), lane);
    if (!isConcerned) return;
    barrier.moves ??= new Set();
    barrier.moves.add(move);
  }

  #followOutside(barrier: Barrier, move: object): void {
    barrier.outside = move;
    barrier.moves ??= new Set();
    barrier.moves.add(move);
  }
}
