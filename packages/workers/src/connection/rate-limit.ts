import { type Clock, realClock } from '../clock.js';
import type { RateLimitTask } from '../messages.js';

/** What may be sent at once after a pause, as the time that it takes at the rate: one second. */
const BURST_NANOS = 1_000_000_000n;
/** One socket write is to take no longer than this at the rate, so that sending is even. */
const WRITE_SECONDS = 0.02;
const LEAST_WRITE_BYTES = 1024;
/** Milliseconds; a timer that is much longer ends at once. */
const LONGEST_WAIT = 60_000;

/**
 * A token bucket that the lanes of a muxer share. One 64-bit word, in nanoseconds of the
 * clock that all threads share, says until when all that was sent has used the rate up: while that lies ahead,
 * nothing may be sent. A write may go beyond, and the next one waits for it: the long run is exact.
 * The bucket is empty at first.
 */
export class RateLimit {
  /** Bytes that a socket write should have at most. */
  readonly writeBytes: number;
  readonly #usedUntil: BigInt64Array;
  readonly #nanosPerByte: number;
  readonly #clock: Clock;

  constructor({ memory, bytesPerSecond }: RateLimitTask, clock = realClock) {
    this.#clock = clock;
    this.#usedUntil = new BigInt64Array(memory);
    this.#nanosPerByte = 1e9 / bytesPerSecond;
    this.writeBytes = Math.max(LEAST_WRITE_BYTES, Math.floor(bytesPerSecond * WRITE_SECONDS));
  }

  /** What workers share of a limit, from now on. */
  static task(bytesPerSecond: number, clock = realClock): RateLimitTask {
    const memory = new SharedArrayBuffer(8);
    new BigInt64Array(memory)[0] = clock.sharedNanos();
    return { memory, bytesPerSecond };
  }

  /** Milliseconds until something may be sent, or it is to be asked again; 0: now. */
  wait(): number {
    const nanos = Atomics.load(this.#usedUntil, 0) - this.#clock.sharedNanos();
    return nanos <= 0n ? 0 : Math.min(LONGEST_WAIT, Math.ceil(Number(nanos) / 1e6));
  }

  /** So many bytes were sent. */
  spend(bytes: number): void {
    const cost = BigInt(Math.round(bytes * this.#nanosPerByte));
    const earliest = this.#clock.sharedNanos() - BURST_NANOS;
    for (;;) {
      const before = Atomics.load(this.#usedUntil, 0);
      const after = (before > earliest ? before : earliest) + cost;
      if (Atomics.compareExchange(this.#usedUntil, 0, before, after) === before) return;
    }
  }
}
