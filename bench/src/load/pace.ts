/** How fast entries come into being, whether or not somebody takes them. */
export interface Pace {
  /** Entries a second at the beginning. */
  readonly from: number;
  /** Entries a second from the end of the ramp on. */
  readonly to: number;
  /** How long the ramp from one to the other is; 0: there is none. */
  readonly rampMs: number;
  /** So many entries come at once. */
  readonly burst: number;
}

/** What is this much over a whole number of entries comes from computing with fractions. */
const INEXACT = 1e-6;

/** When each entry of a load is due: it depends on nothing but the pace. */
export class Schedule {
  readonly #pace: Pace;
  /** Entries of the ramp. */
  readonly #rampEntries: number;

  constructor(pace: Pace) {
    this.#pace = pace;
    this.#rampEntries = ((pace.from + pace.to) / 2) * (pace.rampMs / 1000);
  }

  /** When an entry is due, by its sequence number, in milliseconds from the start. */
  dueAt(sequence: number): number {
    const { burst } = this.#pace;
    const entry = burst === 1 ? sequence : sequence - (sequence % burst);
    return this.#time(entry) * 1000;
  }

  /** How many entries are due after so many milliseconds, the one of that very moment included. */
  dueBy(milliseconds: number): number {
    const { burst } = this.#pace;
    return (Math.floor(this.#count(milliseconds) / burst + INEXACT) + 1) * burst;
  }

  /** How many entries are due before so many milliseconds are over. */
  dueBefore(milliseconds: number): number {
    const { burst } = this.#pace;
    return Math.ceil(this.#count(milliseconds) / burst - INEXACT) * burst;
  }

  /** Entries until then, as a fraction: the integral of the rate. */
  #count(milliseconds: number): number {
    const { from, to, rampMs } = this.#pace;
    if (milliseconds >= rampMs) return this.#rampEntries + (to * (milliseconds - rampMs)) / 1000;
    const seconds = milliseconds / 1000;
    return from * seconds + ((to - from) * seconds * milliseconds) / (2 * rampMs);
  }

  /** The seconds after which the integral of the rate is `count`. */
  #time(count: number): number {
    const { from, to, rampMs } = this.#pace;
    if (count >= this.#rampEntries) return rampMs / 1000 + (count - this.#rampEntries) / to;
    if (count === 0) return 0;
    // The root of a quadratic equation, in the form that divides by no difference of rates.
    const growth = ((to - from) * 1000) / rampMs;
    return (2 * count) / (from + Math.sqrt(from * from + 2 * growth * count));
  }
}
