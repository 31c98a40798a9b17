import { createHistogram } from 'node:perf_hooks';
import { type Latency, takeLatency } from './latency.js';

/** How often due lines are written, in milliseconds. */
const TICK_MS = 50;
/** Of the entries that have arrived between two ticks, so many are looked at, and a few more. */
const LOOKED_AT = 50;

/** What is written when it is due. */
export interface Paced {
  /** Writes what is due: the entries before this number. */
  write(due: number): void;
  /** Every entry before this number has arrived. */
  arrived(): number;
}

/**
 * Has entries written when they are due, until it is stopped, and measures how long they take from then on to an
 * indexer: by up to a tick, and the time between two looks at what has arrived, more than that.
 */
export class Pace {
  readonly #start = performance.now();
  readonly #latencies = createHistogram();
  readonly #timer: NodeJS.Timeout;

  constructor(entriesPerSecond: number, paced: Paced) {
    let seen = 0;
    this.#timer = setInterval(() => {
      const elapsed = performance.now() - this.#start;
      paced.write(Math.floor((elapsed * entriesPerSecond) / 1000));
      const arrived = paced.arrived();
      const step = Math.max(1, Math.floor((arrived - seen) / LOOKED_AT));
      for (let number = arrived - 1; number >= seen; number -= step) {
        const latencyMs = elapsed - (number * 1000) / entriesPerSecond;
        this.#latencies.record(Math.max(1, Math.round(latencyMs * 1000)));
      }
      seen = arrived;
    }, TICK_MS);
  }

  /** Since the last call. */
  takeLatency(): Latency | undefined {
    return takeLatency(this.#latencies);
  }

  stop(): void {
    clearInterval(this.#timer);
  }
}
