import { CrowdedOutError } from '../errors.js';

/** A connection that is not authenticated. */
export interface Guest {
  /** Where it comes from. */
  readonly origin: string;
  /** Whether its answer was received, and is being checked. */
  readonly hasAnswered: boolean;
  /** Ends the connection. */
  turnAway(error: CrowdedOutError): void;
}

/**
 * The unauthenticated connections, up to a limit. One more turns away a connection of the host that has
 * the most, so that a flood from one host does not keep others out. Of that host's connections it is the
 * one that has waited longest without an answer, so that a silent flood does not keep out an ingester that
 * answers at once. If all of them have answered, it is the last one, so that the others get through.
 */
export class WaitingRoom {
  readonly #guests = new Map<string, Set<Guest>>();
  readonly #limit: number;
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Adds a new connection. Above the limit, another one or this one is turned away. */
  enter(guest: Guest): void {
    const others = this.#guests.get(guest.origin) ?? new Set();
    this.#guests.set(guest.origin, others.add(guest));
    this.#size++;
    if (this.#size <= this.#limit) return;
    const dispensable = this.#dispensable();
    if (dispensable === undefined) return;
    this.leave(dispensable);
    dispensable.turnAway(new CrowdedOutError(this.#limit));
  }

  /** Forgets a connection: it is authenticated, or has ended. */
  leave(guest: Guest): void {
    const others = this.#guests.get(guest.origin);
    if (others?.delete(guest) !== true) return;
    this.#size--;
    if (others.size === 0) this.#guests.delete(guest.origin);
  }

  #dispensable(): Guest | undefined {
    let most: ReadonlySet<Guest> = new Set();
    for (const guests of this.#guests.values()) if (guests.size > most.size) most = guests;
    const guests = [...most];
    return guests.find(({ hasAnswered }) => !hasAnswered) ?? guests.at(-1);
  }
}
