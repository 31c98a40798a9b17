import type { Lane } from '@ringest/workers';
import type { Barriers } from './barriers.js';

/** Frames on their way between rings, or into them. All barriers that were added follow them. */
export class Moves {
  readonly #lanes: ReadonlySet<Lane>;
  readonly #followers: Barriers[] = [];

  constructor(lanes: readonly Lane[]) {
    this.#lanes = new Set(lanes);
  }

  /** These barriers wait for moves from now on. */
  addFollower(barriers: Barriers): void {
    this.#followers.push(barriers);
  }

  /** Frames are moved from a lane, or from outside the rings, until `end`. */
  begin(move: object, lane: Lane | undefined): void {
    for (const barriers of this.#followers) barriers.beginMove(move, lane);
  }

  /** @param receivers lanes that may have got frames of the move; by default all of them */
  end(move: object, receivers = this.#lanes): void {
    for (const barriers of this.#followers) barriers.endMove(move, receivers);
  }

  /** Entries that were outside of the rings are lost: barriers that wait for them reject. */
  lost(error: Error): void {
    for (const barriers of this.#followers) barriers.rejectOutside(error);
  }
}
