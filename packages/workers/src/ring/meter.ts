import type { RecordableHistogram } from 'node:perf_hooks';
import { TWO_32 } from '@ringest/codec';
import { type Clock, realClock, sharedMilliseconds } from '../clock.js';
import { Control, type Counter, counters } from './memory-layout.js';
import type { Passed } from './ring.js';
import type { Rewound } from './ring-reader.js';

/** How much of a lower sample goes into a moving average; a higher one replaces it at once. */
const FALL = 1 / 8;
/** Milliseconds in which a latency loses half of its weight. */
export const HALF_LIFE = 100;
/** Milliseconds that one rate sample spans at least. */
const RATE_WINDOW = 20;

/**
 * Publishes what a lane achieves: counters, acknowledgement latency, and the rate at which its
 * indexer confirms. The rate may fall only over a window in which the lane was never short of
 * frames: a lane with little to do is not a slow one.
 */
export class Meter {
  readonly counts: Record<Counter, number>;
  readonly #control: Int32Array;
  readonly #latency: RecordableHistogram;
  readonly #clock: Clock;
  #latencyAverage = 0;
  #lastAcknowledged = 0;
  #rateAverage = 0;
  #windowStart = 0;
  #windowBytes = 0;
  #windowSaturated = false;

  constructor(control: Int32Array, latency: RecordableHistogram, clock = realClock) {
    this.#control = control;
    this.#latency = latency;
    this.#clock = clock;
    this.counts = readCounters(control);
  }

  /** A new connection: what the last one achieved says nothing about it. */
  begin(): void {
    this.counts.connects++;
    this.#latencyAverage = 0;
    this.#rateAverage = 0;
    this.publish();
  }

  /** The indexer wants nothing sent for so many milliseconds from now on; 0: it does. */
  throttled(milliseconds: number): void {
    const now = sharedMilliseconds(this.#clock);
    const until = milliseconds === 0 ? 0 : (now + Math.ceil(milliseconds)) | 0 || 1;
    Atomics.store(this.#control, Control.throttledUntil, until);
  }

  /** Entries are about to be handed over: they count whatever becomes of this thread. */
  sent(entries: number, bytes: number): void {
    this.counts.sentEntries += entries;
    this.counts.sentBytes += bytes;
    this.publish();
  }

  /** The connection is lost; the confirmed entries are counted, but their bytes are not. */
  rewound({ confirmed, again }: Rewound): void {
    const { counts } = this;
    counts.confirmedBytes += confirmed.bytes;
    counts.resentEntries += again.entries;
    // Nothing is in flight any more. An indexer that takes no values was sent less than the ring holds.
    counts.resentBytes = counts.sentBytes - counts.confirmedBytes;
    this.publish();
  }

  /**
   * The worker is dead, and with it what it knew of confirmations: all that stands in the ring as
   * sent will be sent again, also what was counted as confirmed already, or not yet as sent.
   * @param confirmedEntries by the ring: all that were written to it and have left it so
   */
  recoverFromDeadWorker(again: Passed, largeBytes: number, confirmedEntries: number): void {
    const { counts } = this;
    counts.resentEntries += again.entries;
    counts.resentBytes += again.bytes + largeBytes;
    counts.confirmedEntries = confirmedEntries;
    counts.sentEntries = confirmedEntries + counts.resentEntries;
    counts.confirmedBytes = atMost(counts.confirmedBytes, counts.sentBytes, counts.resentBytes);
    this.publish();
  }

  /** The lane begins to have something in flight. */
  busy(now: number): void {
    this.#windowStart = now;
    this.#windowBytes = 0;
    this.#windowSaturated = true;
  }

  /** All that was committed is sent: from here on the rate says nothing of the indexer's speed. */
  ranDry(): void {
    this.#windowSaturated = false;
  }

  /** A socket write that was handed over at `since` is confirmed. */
  acknowledged(since: number, now: number): void {
    const micros = Math.max(1, Math.round((now - since) * 1000));
    this.#latency.record(micros);
    // After a pause the past counts little: the indexer may have been slow only then.
    const weight = Math.max(FALL, 1 - 0.5 ** ((now - this.#lastAcknowledged) / HALF_LIFE));
    this.#latencyAverage = follow(this.#latencyAverage, micros, weight);
    this.#lastAcknowledged = now;
  }

  /** `bytes` more are confirmed; publishes everything. */
  confirmed(bytes: number, now: number): void {
    this.#windowBytes += bytes;
    const elapsed = now - this.#windowStart;
    if (elapsed >= RATE_WINDOW) {
      const sample = this.#windowBytes / elapsed;
      const isKnown = this.#rateAverage > 0;
      if (this.#windowSaturated || (isKnown && sample > this.#rateAverage)) {
        this.#rateAverage = follow(this.#rateAverage, sample, FALL);
      }
      this.busy(now);
    }
    this.publish();
  }

  publish(): void {
    const control = this.#control;
    Atomics.store(control, Control.rate, Math.min(0x7fffffff, Math.ceil(this.#rateAverage)));
    Atomics.store(control, Control.latency, Math.min(0x7fffffff, Math.round(this.#latencyAverage)));
    Atomics.add(control, Control.countersSequence, 1);
    for (let i = 0; i < counters.length; i++) {
      const count = this.counts[counters[i] as Counter];
      Atomics.store(control, Control.counters + 2 * i, count | 0);
      Atomics.store(control, Control.counters + 2 * i + 1, Math.floor(count / TWO_32));
    }
    Atomics.add(control, Control.countersSequence, 1);
  }
}

/** What is confirmed is sent, and not sent again. */
function atMost(confirmed: number, sent: number, resent: number): number {
  return Math.max(0, Math.min(confirmed, sent - resent));
}

function follow(average: number, sample: number, weight: number): number {
  return sample > average ? sample : average + (sample - average) * weight;
}

/** After a worker died, which may have been in the middle of publishing: readers wait no more. */
export function settleCounters(control: Int32Array): void {
  if ((Atomics.load(control, Control.countersSequence) & 1) === 1) {
    Atomics.add(control, Control.countersSequence, 1);
  }
}

/** Looks at counters that change under the eye; then the last look counts, inconsistent at worst by a write. */
const MOST_LOOKS = 100;

/** A snapshot of a lane's counters, from any thread. */
export function readCounters(control: Int32Array): Record<Counter, number> {
  for (let look = 1; ; look++) {
    const sequence = Atomics.load(control, Control.countersSequence);
    const counts = Object.fromEntries(
      counters.map((name, i) => {
        const low = Atomics.load(control, Control.counters + 2 * i) >>> 0;
        const high = Atomics.load(control, Control.counters + 2 * i + 1) >>> 0;
        return [name, high * TWO_32 + low];
      }),
    ) as Record<Counter, number>;
    const isStable =
      (sequence & 1) === 0 && Atomics.load(control, Control.countersSequence) === sequence;
    if (isStable || look === MOST_LOOKS) return counts;
  }
}
