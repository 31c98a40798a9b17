import type { Candidate } from './candidate.js';

/**
 * The time after which a rise of latency counts in full. One confirmation can be late because a thread
 * had to wait; if it counted at once, its lane would be idle for long.
 */
const RISE_MS = 100;

/** A lane, and what the balancer remembers about it. Times are in milliseconds of the balancer's clock. */
export class Slot<Lane extends Candidate> {
  readonly lane: Lane;
  /** When the lane was last picked. */
  pickedAt = Number.NEGATIVE_INFINITY;
  /** The sum of the weights of the batches that the lane got. A later batch weighs more. */
  share = 0;
  /** The score of the last comparison; less is better. */
  score = 0;
  /** The expected time of the last comparison, as if it did not fade. */
  time = 0;
  /** From 0 up to, but not including, 1: the more, the slower its time fades. */
  chance: number;
  #latency = 0;
  #seenAt = 0;

  constructor(lane: Lane, chance: number) {
    this.lane = lane;
    this.chance = chance;
  }

  /** Returns the latency that counts: a fall counts at once, and a rise gradually. */
  latency(now: number): number {
    const { ackLatency } = this.lane;
    const isRise = this.#latency > 0 && ackLatency > this.#latency;
    const weight = isRise ? Math.min(1, (now - this.#seenAt) / RISE_MS) : 1;
    this.#latency += (ackLatency - this.#latency) * weight;
    this.#seenAt = now;
    return this.#latency;
  }
}
