import type { Candidate } from './candidate.js';

/**
 * Milliseconds in which a rise of latency comes to count in full. One confirmation can be late
 * because a thread had to wait; a lane given up for that would be idle long after.
 */
const RISE_MS = 100;

/** A lane and what the balancer remembers of it; times in milliseconds of the balancer's clock. */
export class Slot<Lane extends Candidate> {
  readonly lane: Lane;
  /** When it was picked last. */
  pickedAt = Number.NEGATIVE_INFINITY;
  /** Batches that it has got, each weighed by its time: the later, the more. */
  share = 0;
  /** How good it was when last compared; less is better. */
  score = 0;
  #latency = 0;
  #seenAt = 0;

  constructor(lane: Lane) {
    this.lane = lane;
  }

  /** The lane's latency as far as it counts: a fall at once, a rise bit by bit. */
  latency(now: number): number {
    const { ackLatency } = this.lane;
    const isRise = this.#latency > 0 && ackLatency > this.#latency;
    const weight = isRise ? Math.min(1, (now - this.#seenAt) / RISE_MS) : 1;
    this.#latency += (ackLatency - this.#latency) * weight;
    this.#seenAt = now;
    return this.#latency;
  }
}
