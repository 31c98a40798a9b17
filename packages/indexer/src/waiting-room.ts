import { CrowdedOutError } from './errors.js';

/** A connection that is not authenticated. */
export interface Guest {
  /** Whether its answer is being checked: it has said what it can say. */
  readonly hasAnswered: boolean;
  /** Ends the connection. */
  turnAway(error: CrowdedOutError): void;
}

/**
 * The connections that are not authenticated, in the order in which they came, at most so many. One
 * more, and the one that has waited longest is turned away, so that a flood that says nothing cannot
 * shut out an ingester that answers at once. Those that have answered stay: while they alone take
 * all the room, it is the last one that is turned away, for otherwise none of them would get through.
 */
export class WaitingRoom {
  readonly #guests = new Set<Guest>();
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes in a connection that has said nothing yet. */
  enter(guest: Guest): void {
    this.#guests.add(guest);
    if (this.#guests.size <= this.#limit) return;
    for (const dispensable of this.#guests) {
      if (dispensable.hasAnswered) continue;
      this.#guests.delete(dispensable);
      dispensable.turnAway(new CrowdedOutError(this.#limit));
      return;
    }
  }

  /** Forgets a connection: it is authenticated, or has ended. */
  leave(guest: Guest): void {
    this.#guests.delete(guest);
  }
}
