import { type Clock, realClock } from '../clock.js';
import type { RateLimitTask } from '../messages.js';

/** The burst after a pause, as the time that it takes at the rate: one second. */
const BURST_NANOS = 1_000_000_000n;
/** The longest time that one socket write takes at the rate, so that sending is even. */
const WRITE_SECONDS = 0.02;
const MIN_WRITE_BYTES = 1024;
/** The longest wait in milliseconds, far below the limit of a timer. */
const MAX_WAIT = 60_000;

/**
 * A token bucket that the lanes of a muxer share. It is one 64-bit word: the time until which the bytes
 * that were sent have used up the rate, in nanoseconds of the clock that all threads share. Before that
 * time, nothing may be sent. A write may exceed the rate, and the next one waits for it, so the rate is
 * exact in the long run. The bucket is empty at first.
 */
export class RateLimit {
  /** The most bytes that a socket write should have. */
  readonly writeBytes: number;
  readonly #usedUntil: BigInt64Array;
  readonly #nanosPerByte: number;
  readonly #clock: Clock;

  constructor({ memory, bytesPerSecond }: RateLimitTask, clock = realClock) {
    this.#clock = clock;
    this.#usedUntil = new BigInt64Array(memory);
    this.#nanosPerByte = 1e9 / bytesPerSecond;
    this.writeBytes = Math.max(MIN_WRITE_BYTES, Math.floor(bytesPerSecond * WRITE_SECONDS));
  }

  /** A new limit, as it is handed to workers. */
  static task(bytesPerSecond: number, clock = realClock): RateLimitTask {
    const memory = new SharedArrayBuffer(8);
    new BigInt64Array(memory)[0] = clock.sharedNanos();
    return { memory, bytesPerSecond };
  }

  /** Milliseconds after which the caller should ask again; 0: something may be sent now. */
  wait(): number {
    const nanos = Atomics.load(this.#usedUntil, 0) - this.#clock.sharedNanos();
    return nanos <= 0n ? 0 : Math.min(MAX_WAIT, Math.ceil(Number(nanos) / 1e6));
  }

  /** Counts bytes that were sent. */
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
