import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Schedule } from './pace.js';

/** Milliseconds. */
export interface LatencyReport {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly p999: number;
  readonly p9999: number;
  readonly max: number;
}

/** The times that so many percent of the entries did not exceed, in milliseconds. */
export interface DistributionPoint {
  readonly percent: number;
  /** From the moment an entry was due to its confirmation. */
  readonly latency: number;
  /** From the moment an entry was due until it was written. */
  readonly lateness: number;
}

/** Points of a distribution for each nine of the percentages, and how many nines there are at most. */
const POINTS_A_NINE = 10;
const MAX_NINES = 5;

/** Entries that are due within so many milliseconds are taken for as late as the first of them. */
const SLICE_MS = 0.1;

/** Histograms have whole microseconds. */
const UNIT = 1000;

/**
 * The latency of a load whose entries are due at fixed times. It counts from the moment an entry was
 * due, not from the one it was written at: when something stands still, the entries that should have
 * been written meanwhile count with all the time that they were late. Without that, a load that
 * waits for the indexer would measure least when it is slowest ("coordinated omission").
 */
export class LatencyLog {
  /** When entries are due. */
  readonly schedule: Schedule;
  /** When the schedule began, by `performance.now`. */
  readonly start: number;
  /** The first entry that counts. */
  readonly #first: number;
  readonly #written = createHistogram();
  readonly #confirmed = createHistogram();
  #last: Promise<void> = Promise.resolve();

  /**
   * @param start when the schedule began, by `performance.now`
   * @param fromMs entries that are due before so many milliseconds do not count
   */
  constructor(schedule: Schedule, start: number, fromMs = 0) {
    this.schedule = schedule;
    this.start = start;
    this.#first = schedule.dueBefore(fromMs);
  }

  /**
   * Entries have been written just now.
   * @param from the first, by its sequence number
   * @param to the one after the last
   * @param confirmed resolves once all of them are confirmed; of one that rejects nothing is known
   */
  add(from: number, to: number, confirmed: Promise<void>): void {
    this.#record(this.#written, from, to);
    this.#last = confirmed.then(
      () => this.#record(this.#confirmed, from, to),
      () => {},
    );
  }

  /** Resolves once nothing is awaited any more. */
  settled(): Promise<void> {
    return this.#last;
  }

  /** From the moment an entry was due until it was written. */
  get lateness(): LatencyReport {
    return report(this.#written);
  }

  /** From the moment an entry was due until it was confirmed. */
  get latency(): LatencyReport {
    return report(this.#confirmed);
  }

  /** The latency that so many percent of the entries did not exceed, in milliseconds. */
  percentile(percent: number): number {
    return this.#confirmed.percentile(percent) / UNIT;
  }

  /** Both times by percentiles, as far as there are entries enough to tell. */
  get distribution(): DistributionPoint[] {
    const nines = Math.min(Math.log10(Math.max(this.#confirmed.count, 1)), MAX_NINES);
    const percents = Array.from(
      { length: Math.floor(nines * POINTS_A_NINE) },
      (_, i) => Math.round((1 - 10 ** (-(i + 1) / POINTS_A_NINE)) * 1e8) / 1e6,
    );
    return [...percents, 50]
      .toSorted((a, b) => a - b)
      .map((percent) => ({
        percent,
        latency: this.#confirmed.percentile(percent) / UNIT,
        lateness: this.#written.percentile(percent) / UNIT,
      }));
  }

  #record(histogram: RecordableHistogram, from: number, to: number): void {
    const { schedule, start } = this;
    const now = performance.now() - start;
    for (let entry = Math.max(from, this.#first); entry < to; ) {
      const due = schedule.dueAt(entry);
      const end = Math.min(Math.max(schedule.dueBy(due + SLICE_MS), entry + 1), to);
      const late = Math.max(1, Math.round((now - due) * UNIT));
      for (; entry < end; entry++) histogram.record(late);
    }
  }
}

function report(histogram: RecordableHistogram): LatencyReport {
  const at = (percent: number) => histogram.percentile(percent) / UNIT;
  return {
    mean: histogram.mean / UNIT,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    p999: at(99.9),
    p9999: at(99.99),
    max: histogram.max / UNIT,
  };
}
