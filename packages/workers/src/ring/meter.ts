import type { RecordableHistogram } from 'node:perf_hooks';
import { TWO_32 } from '@ringest/codec';
import { type Clock, realClock, sharedMilliseconds } from '../clock.js';
import { countLatency } from './latency-buckets.js';
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
 * Publishes the figures of a lane: counters, latency, and the rate at which its indexer confirms. The
 * rate may fall only over a window in which the lane always had frames to send: a lane with little to do
 * is not a slow one.
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

  /** A new connection begins: the averages of the last one do not count for it. */
  begin(): void {
    this.counts.connects++;
    this.#latencyAverage = 0;
    this.#rateAverage = 0;
    this.publish();
  }

  /** A throttle of some milliseconds begins; 0: it has ended. */
  throttled(milliseconds: number): void {
    const now = sharedMilliseconds(this.#clock);
    const until = milliseconds === 0 ? 0 : (now + Math.ceil(milliseconds)) | 0 || 1;
    Atomics.store(this.#control, Control.throttledUntil, until);
  }

  /** Counts entries that are about to go to the socket, in case this thread dies then. */
  sent(entries: number, bytes: number): void {
    this.counts.sentEntries += entries;
    this.counts.sentBytes += bytes;
    this.publish();
  }

  /** Counts a rewind. The confirmed entries are counted already, their bytes are not. */
  rewound({ confirmed, again }: Rewound): void {
    const { counts } = this;
    counts.confirmedBytes += confirmed.bytes;
    counts.resentEntries += again.entries;
    // Nothing is in flight any more. Without values, an indexer was sent less than the ring holds.
    counts.resentBytes = counts.sentBytes - counts.confirmedBytes;
    this.publish();
  }

  /**
   * Corrects the counters after the worker died. What it knew about confirmations is lost: everything
   * that is sent and in the ring will be sent again, whatever was counted for it.
   * @param confirmedEntries how many entries have left the ring because they were confirmed
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

  /** The lane has something in flight again. */
  busy(now: number): void {
    this.#windowStart = now;
    this.#windowBytes = 0;
    this.#windowSaturated = true;
  }

  /** Everything that was committed is sent: the rate shows no longer how fast the indexer is. */
  ranDry(): void {
    this.#windowSaturated = false;
  }

  /** A socket write of the time `since` is confirmed. */
  acknowledged(since: number, now: number): void {
    const micros = Math.max(1, Math.round((now - since) * 1000));
    this.#latency.record(micros);
    countLatency(this.#control, micros);
    // After a pause the past counts little: the indexer may have been slow only then.
    const weight = Math.max(FALL, 1 - 0.5 ** ((now - this.#lastAcknowledged) / HALF_LIFE));
    this.#latencyAverage = follow(this.#latencyAverage, micros, weight);
    this.#lastAcknowledged = now;
  }

  /** Counts confirmed bytes in the rate, and publishes all figures. */
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

/** Confirmed bytes were sent, and are not sent again: this is their upper bound. */
function atMost(confirmed: number, sent: number, resent: number): number {
  return Math.max(0, Math.min(confirmed, sent - resent));
}

function follow(average: number, sample: number, weight: number): number {
  return sample > average ? sample : average + (sample - average) * weight;
}

/** Ends a `publish` that a dead worker has left unfinished, so that readers need not retry. */
export function finishCounters(control: Int32Array): void {
  if ((Atomics.load(control, Control.countersSequence) & 1) === 1) {
    Atomics.add(control, Control.countersSequence, 1);
  }
}

/** The most attempts to read counters while they change. The last one counts, at worst off by one write. */
const MAX_LOOKS = 100;

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
    if (isStable || look === MAX_LOOKS) return counts;
  }
}
