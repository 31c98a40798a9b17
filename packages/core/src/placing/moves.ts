import type { Barriers } from './barriers.js';
import type { Outlet } from './outlet.js';

/** Reports moves of frames, between rings or into them, to all groups of barriers. */
export class Moves {
  readonly #lanes: readonly Outlet[];
  readonly #followers = new Set<Barriers>();

  /** @param lanes all lanes; it may grow and shrink */
  constructor(lanes: readonly Outlet[]) {
    this.#lanes = lanes;
  }

  /** Adds a group of barriers. */
  addFollower(barriers: Barriers): void {
    this.#followers.add(barriers);
  }

  removeFollower(barriers: Barriers): void {
    this.#followers.delete(barriers);
  }

  /** Frames are moved from a lane, or from outside the rings, until `end`. */
  begin(move: object, lane: Outlet | undefined): void {
    for (const barriers of this.#followers) barriers.beginMove(move, lane);
  }

  /**
   * Ends a move.
   * @param receivers the lanes that may have received frames of the move. Default: all
   */
  end(move: object, receivers: ReadonlySet<Outlet> = new Set(this.#lanes)): void {
    for (const barriers of this.#followers) barriers.endMove(move, receivers);
  }

  /** A lane is about to be removed from the list of all lanes. Nothing is in its ring. */
  laneRemoved(lane: Outlet): void {
    for (const barriers of this.#followers) barriers.laneRemoved(lane);
  }

  /** Rejects the barriers that wait for entries outside the rings, because these are lost. */
  lost(error: Error): void {
    for (const barriers of this.#followers) barriers.rejectOutside(error);
  }
}
