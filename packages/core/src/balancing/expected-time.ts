import { HALF_LIFE } from '@ringest/workers';
import type { Candidate } from './candidate.js';
import type { Slot } from './slot.js';

/** The rate that all lanes are assumed to have, in bytes per millisecond, until one has a measured rate. */
const PRESUMED_RATE = 65536;
/**
 * The lowest rate of a lane that counts, as a share of the fastest lane's rate. The rate is what a lane
 * has confirmed: a lane that got little has a low rate, and must not get little because of that. If it
 * is really slow, its latency shows it.
 */
const MIN_RATE_SHARE = 0.25;
/**
 * The share by which two times may differ and still count as equal. On a busy machine, a thread waits
 * that long for its turn: smaller differences say nothing about an indexer.
 */
const ALIKE_SHARE = 0.25;
/** The milliseconds by which two times may always differ and still count as equal. */
const ALIKE_MS = 5;
/**
 * The longest half-life of the expected time of an idle lane, in milliseconds. A half-life is as long as the
 * latency of the lane, but no shorter than `HALF_LIFE`: the slower an indexer is, the less often it is tried.
 */
const MAX_HALF_LIFE = 1000;

/**
 * Computes the expected time until a batch on a lane is confirmed, in milliseconds: `(unconfirmed bytes
 * + batch) / rate + ack latency`, plus what is left of a throttle.
 */
export class ExpectedTime {
  readonly #batchBytes: number;
  /** The highest rate of the lanes that were compared last. */
  #greatestRate = PRESUMED_RATE;

  constructor(batchBytes: number) {
    this.#batchBytes = batchBytes;
  }

  /** Returns the longest time that counts as equal to this one. */
  static alike(time: number): number {
    return time + Math.max(ALIKE_MS, time * ALIKE_SHARE);
  }

  /** Reads the rates of the first `count` lanes, which are compared next. */
  lookAt(slots: readonly Slot<Candidate>[], count: number): void {
    let greatest = 0;
    for (let i = 0; i < count; i++) {
      greatest = Math.max(greatest, (slots[i] as Slot<Candidate>).lane.rate);
    }
    this.#greatestRate = greatest || PRESUMED_RATE;
  }

  /** Returns the time that counts in a comparison. For an idle lane it fades. */
  score(slot: Slot<Candidate>, now: number): number {
    const { lane, pickedAt } = slot;
    const unconfirmed = lane.unconfirmedBytes();
    const latency = slot.latency(now);
    const time = this.#toConfirm(lane.rate, unconfirmed) + latency;
    const pause = lane.throttledFor;
    slot.time = time + pause;
    const idle = unconfirmed > 0 ? 0 : now - pickedAt;
    if (idle <= 0) return slot.time;
    const halfLife = Math.min(Math.max(HALF_LIFE, latency), MAX_HALF_LIFE) * (0.5 + slot.chance);
    return time * 0.5 ** (idle / halfLife) + pause;
  }

  /** Returns the present expected time of a lane, which does not fade. */
  of(lane: Candidate): number {
    return (
      this.#toConfirm(lane.rate, lane.unconfirmedBytes()) + lane.ackLatency + lane.throttledFor
    );
  }

  #toConfirm(rate: number, unconfirmed: number): number {
    const usual = this.#greatestRate;
    return (unconfirmed + this.#batchBytes) / Math.max(rate || usual, usual * MIN_RATE_SHARE);
  }
}
