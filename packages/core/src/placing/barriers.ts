import { Wait, type WaitOptions } from '../wait.js';
import type { Outlet } from './outlet.js';

/** The positions of all lanes at one moment. It is passed once everything before them is confirmed. */
class Barrier {
  readonly pending: Wait;
  /** Whether the indexers are asked to confirm at once. */
  readonly forces: boolean;
  /** Moves that may have frames which were written before the barrier; `undefined`: there are none. */
  moves: Set<object> | undefined;
  /** The move that ends when all entries outside the rings are in them; `undefined`: it has ended. */
  outside: object | undefined;
  /** By lane, in the order of the lanes; `undefined`: the barrier is not placed yet. */
  #positions: number[] | undefined;

  constructor(pending: Wait, forces: boolean) {
    this.pending = pending;
    this.forces = forces;
  }

  get isPlaced(): boolean {
    return this.#positions !== undefined;
  }

  /** Takes the present positions of all lanes. */
  place(lanes: readonly Outlet[]): void {
    this.#positions = lanes.map((lane) => lane.position);
  }

  /** Takes the present position of one lane. */
  placeOn(index: number, lane: Outlet): void {
    if (this.#positions !== undefined) this.#positions[index] = lane.position;
  }

  /** The lane of this index goes, and with it what is known about its position. */
  forget(index: number): void {
    this.#positions?.splice(index, 1);
  }

  /** Whether a lane has unconfirmed frames that were written before it was placed. */
  isUnconfirmedOn(index: number, lane: Outlet): boolean {
    return !lane.isReleased(this.#positions?.[index] ?? 0);
  }

  /** Whether everything is confirmed that was written before it was placed. */
  isPassed(lanes: readonly Outlet[]): boolean {
    if (this.#positions === undefined || (this.moves?.size ?? 0) > 0) return false;
    return lanes.every((lane, i) => !this.isUnconfirmedOn(i, lane));
  }

  /** Asks every lane for a `wake` at its position. Returns whether the barrier is passed by now. */
  arm(lanes: readonly Outlet[]): boolean {
    for (const [i, lane] of lanes.entries()) {
      const position = this.#positions?.[i];
      if (position !== undefined) lane.wakeWhenReleased(position);
    }
    // A lane that released its position just before it was armed sends no `wake`.
    return this.isPassed(lanes);
  }
}

/**
 * Promises that resolve when everything that was written before them is confirmed. They resolve in order:
 * a later one waits for everything that an earlier one waits for, so only the first one is checked.
 *
 * When frames move between rings, each barrier that was placed after they were written waits for the end of
 * the move, and then for the rings that received them.
 */
export class Barriers {
  readonly #lanes: readonly Outlet[];
  readonly #waiting = new Set<Barrier>();
  /** Moves, each with the lane that it takes frames from; `undefined`: from outside the rings. */
  readonly #moves = new Map<object, Outlet | undefined>();
  readonly #outside: () => object | undefined;

  /**
   * @param lanes those whose rings are waited for; it may grow and shrink, see `laneRemoved`
   * @param outside returns a move if some written entries are outside the rings now. The owner ends the
   *   move when all of them are in rings
   */
  constructor(lanes: readonly Outlet[], outside: () => object | undefined = () => undefined) {
    this.#lanes = lanes;
    this.#outside = outside;
  }

  /**
   * Adds a barrier.
   * @param forces whether the indexers are asked to confirm at once
   * @param placeLater calls its argument once everything written so far is in rings. It returns a
   *   function that cancels this
   * @returns a promise that resolves when everything written so far is confirmed
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
  beginMove(move: object, lane: Outlet | undefined): void {
    this.#moves.set(move, lane);
    for (const barrier of this.#waiting) this.#follow(barrier, move, lane);
  }

  /** @param receivers lanes that may have got frames of the move */
  endMove(move: object, receivers: ReadonlySet<Outlet>): void {
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

  /** A lane is about to be removed from the list of all lanes. Nothing is in its ring. */
  laneRemoved(lane: Outlet): void {
    const index = this.#lanes.indexOf(lane);
    if (index >= 0) for (const barrier of this.#waiting) barrier.forget(index);
  }

  /** Asks the indexers again to confirm, if a barrier forces that: a connection may be new. */
  flush(): void {
    for (const { forces } of this.#waiting) {
      if (!forces) continue;
      for (const lane of this.#lanes) lane.flush();
      return;
    }
  }

  /**
   * Settles the barriers that are passed.
   * @param refusal makes the error for them, because indexers refuse some entries; `undefined`: they resolve
   * @returns whether another barrier was passed during the call: then call it again
   */
  settle(refusal: (() => Error) | undefined): boolean {
    let error: Error | undefined;
    for (const barrier of this.#waiting) {
      if (!barrier.isPassed(this.#lanes)) return barrier.arm(this.#lanes);
      this.#waiting.delete(barrier);
      error ??= refusal?.();
      if (error === undefined) barrier.pending.resolve();
      else barrier.pending.reject(error);
    }
    return false;
  }

  /** Rejects the barriers that wait for entries outside the rings, because these are lost. */
  rejectOutside(error: Error): void {
    for (const barrier of this.#waiting) {
      if (barrier.outside === undefined) continue;
      this.#waiting.delete(barrier);
      barrier.pending.reject(error);
    }
  }

  /** Rejects all barriers. */
  rejectAll(error: Error): void {
    for (const { pending } of this.#waiting) pending.reject(error);
    this.#waiting.clear();
  }

  #follow(barrier: Barrier, move: object, lane: Outlet | undefined): void {
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
