import { type Clock, realClock } from '../clock.js';
import type { Throttling } from '../messages.js';

/** How often throttles are reported at most. */
const REPORT_MS = 10_000;

/** Reports the first throttle at once, and later ones together: an indexer may send any number. */
export class ThrottleReports {
  readonly #report: (throttling: Throttling) => void;
  readonly #clock: Clock;
  /** Throttles that are not reported. */
  #throttles = 0;
  #nextAt = 0;

  constructor(report: (throttling: Throttling) => void, clock = realClock) {
    this.#report = report;
    this.#clock = clock;
  }

  /** The indexer has asked for a pause. */
  add(milliseconds: number): void {
    this.#throttles++;
    const now = this.#clock.now();
    if (now < this.#nextAt) return;
    this.#report({ throttles: this.#throttles, milliseconds });
    this.#throttles = 0;
    this.#nextAt = now + REPORT_MS;
  }
}
