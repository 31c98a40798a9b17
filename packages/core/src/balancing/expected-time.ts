import { HALF_LIFE } from '@ringest/workers';
import type { Candidate } from './candidate.js';
import type { Slot } from './slot.js';

/** Bytes a millisecond that lanes are taken to confirm until one has shown what it can. */
const PRESUMED_RATE = 65536;
/**
 * No lane is taken for slower than this share of the fastest one's rate. A rate is what a lane was
 * seen to confirm: one that got little has shown little, and must not get little because of that.
 * How slow it really is shows in its latency.
 */
const MIN_RATE_SHARE = 0.25;
/**
 * Times that differ by less than this share, or by so many milliseconds, are alike. On a busy
 * machine a thread waits that long for its turn: smaller differences say nothing of an indexer.
 */
const ALIKE_SHARE = 0.25;
const ALIKE_MS = 5;

/**
 * How long it takes until a batch on a lane is confirmed: `(unconfirmed bytes + batch) / rate + ack
 * latency`, in milliseconds, and what is left of a throttle.
 */
export class ExpectedTime {
  readonly #batchBytes: number;
  /** Of the lanes compared last. */
  #greatestRate = PRESUMED_RATE;

  constructor(batchBytes: number) {
    this.#batchBytes = batchBytes;
  }

  /** The longest time that is like another one. */
  static alike(time: number): number {
    return time + Math.max(ALIKE_MS, time * ALIKE_SHARE);
  }

  /** Takes note of how fast lanes are that are about to be compared, the first so many of them. */
  lookAt(slots: readonly Slot<Candidate>[], count: number): void {
    let greatest = 0;
    for (let i = 0; i < count; i++) {
      greatest = Math.max(greatest, (slots[i] as Slot<Candidate>).lane.rate);
    }
    this.#greatestRate = greatest || PRESUMED_RATE;
  }

  /** The time that counts in a comparison: that of a lane which has nothing to do fades. */
  score(slot: Slot<Candidate>, now: number): number {
    const { lane, pickedAt } = slot;
    const unconfirmed = lane.unconfirmedBytes();
    const time = this.#toConfirm(lane.rate, unconfirmed) + slot.latency(now);
    const idle = unconfirmed > 0 ? 0 : now - pickedAt;
    return (idle > 0 ? time * 0.5 ** (idle / HALF_LIFE) : time) + lane.throttledFor;
  }

  /** The time as of now. */
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
