import { DAY_SECONDS, yearOf } from '../civil.js';
import type { Reading } from '../layouts/reading.js';
import type { TimeZone } from '../zones/time-zone.js';

/** How far ahead of the clock a time without a year may be: for clocks and zones that differ. */
const YEAR_TOLERANCE = DAY_SECONDS;

/** The same for a time without a date. */
const DAY_TOLERANCE = 3600;

/** A leap day is missing for eight years around 1900, for four at other times. */
const MOST_YEARS_BACK = 8;

/**
 * The date that a time does not say: the last one that makes it a time of the past, or of the near
 * future. So `Dec 31 23:59:59` is of the old year when the new one has begun, and `Jan 1 00:00:02` of
 * the new year while the clock here has not struck.
 */
export class MissingDate {
  readonly #clock: () => number;
  readonly #zone: TimeZone;
  #readAt = Number.NaN;
  #now = 0;
  #year = 0;

  constructor(clock: () => number, zone: TimeZone) {
    this.#clock = clock;
    this.#zone = zone;
  }

  /** The seconds from 1970 to a time without a year, by the wall clock. */
  withYear(reading: Reading): number {
    this.#readClock();
    let seconds = Number.NaN;
    for (let year = this.#year; year >= this.#year - MOST_YEARS_BACK; year--) {
      seconds = reading.localSeconds(year);
      if (seconds <= this.#now + YEAR_TOLERANCE) return seconds;
    }
    return seconds;
  }

  /** The seconds from 1970 to a time without a date, by the wall clock. */
  withDate(reading: Reading): number {
    this.#readClock();
    const limit = this.#now + DAY_TOLERANCE;
    const seconds = Math.floor(limit / DAY_SECONDS) * DAY_SECONDS + reading.secondOfDay;
    return seconds <= limit ? seconds : seconds - DAY_SECONDS;
  }

  /** What the wall clock of the zone shows. A clock that stands still is not computed again. */
  #readClock(): void {
    const now = this.#clock();
    if (now === this.#readAt) return;
    this.#readAt = now;
    this.#now = this.#zone.localAt(now / 1000);
    this.#year = yearOf(this.#now + YEAR_TOLERANCE);
  }
}
