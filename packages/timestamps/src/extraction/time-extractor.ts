import type { TimeFormat } from '../formats/time-format.js';
import { Reading } from '../layouts/reading.js';
import { parseOffset } from '../zones/offset.js';
import { TimeZone } from '../zones/time-zone.js';
import { ZoneNames } from '../zones/zone-names.js';
import { FormatSearch } from './format-search.js';
import { MissingDate } from './missing-date.js';
import { checkNumbers, chooseFormats, type TimeOptions } from './time-options.js';

/**
 * Finds the time in a line. It reads bytes, makes no strings, and leaves what it found in its own
 * fields, so that a line costs no allocation.
 *
 * A format that was found stays in use while it matches: the next line is searched for it alone, and
 * only if it is not there for all others.
 * @example
 * ```ts
 * const times = new TimeExtractor({ zone: 'Europe/Paris' });
 * if (times.extract(line)) console.log(times.seconds, times.nanoseconds, times.format);
 * ```
 */
export class TimeExtractor {
  /** Seconds since 1970 of the last time that was found; negative before. */
  seconds = 0;
  /** Nanoseconds that are added to the seconds: 0..999999999. */
  nanoseconds = 0;
  /** Where the time begins, as an index of the bytes that were given. */
  start = 0;
  /** Behind its last byte. */
  end = 0;
  /** The name of its format. */
  format = '';
  /** False when it names a zone by an abbreviation that nobody knows. It was taken for UTC then. */
  zoneIsKnown = true;
  /** True when a time was found that is not within the window, so that `extract` returned `false`. */
  isOutsideWindow = false;

  readonly #zone: TimeZone;
  readonly #reading: Reading;
  readonly #only: TimeFormat | undefined;
  readonly #search: FormatSearch;
  readonly #missingDate: MissingDate;
  readonly #clock: () => number;
  readonly #past: number;
  readonly #future: number;
  readonly #hasWindow: boolean;
  readonly #searchBytes: number;
  readonly #leftMost: boolean;
  #pinned: TimeFormat | undefined;

  /**
   * @throws InvalidTimeZoneError, UnknownTimeFormatError, InvalidTimeFormatError, TimeRangeError
   */
  constructor(options: TimeOptions = {}) {
    checkNumbers(options);
    const { zone = 'UTC', window = {}, zoneNames = {}, clock = Date.now } = options;
    const { leftMost = false, searchBytes = Number.POSITIVE_INFINITY } = options;
    this.#zone = new TimeZone(zone);
    const named = parseOffset(this.#zone.name) === undefined ? this.#zone.name : undefined;
    this.#reading = new Reading(new ZoneNames(named, zoneNames));
    const formats = chooseFormats(options);
    this.#only = options.format === undefined ? undefined : formats[0];
    this.#search = new FormatSearch(formats, leftMost);
    this.#missingDate = new MissingDate(clock, this.#zone);
    this.#clock = clock;
    this.#past = window.past ?? Number.POSITIVE_INFINITY;
    this.#future = window.future ?? Number.POSITIVE_INFINITY;
    this.#hasWindow = window.past !== undefined || window.future !== undefined;
    this.#searchBytes = searchBytes;
    this.#leftMost = leftMost;
  }

  /**
   * Looks for a time in the bytes from `from` up to `to`. When there is one, the fields have it. When
   * there is none, they are as they were, but for `isOutsideWindow`.
   * @param from where the line begins. Default: 0
   * @param to behind its last byte. Default: the end of the bytes
   */
  extract(bytes: Uint8Array, from = 0, to = bytes.length): boolean {
    const begin = Math.max(from, 0);
    const end = Math.min(to, bytes.length);
    this.isOutsideWindow = false;
    if (begin >= end) return false;
    const start = this.#find(bytes, begin, end, Math.min(end - 1, begin + this.#searchBytes));
    return start !== -1 && this.#take(start);
  }

  /** The format that stays in use, or all of them. */
  #find(bytes: Uint8Array, from: number, to: number, last: number): number {
    const reading = this.#reading;
    if (this.#only !== undefined) return this.#only.find(bytes, from, to, last, reading);
    if (this.#pinned !== undefined && !this.#leftMost) {
      const start = this.#pinned.find(bytes, from, to, last, reading);
      if (start !== -1) return start;
    }
    const start = this.#search.find(bytes, from, to, last, reading);
    if (start !== -1) this.#pinned = this.#search.format;
    return start;
  }

  #take(start: number): boolean {
    const reading = this.#reading;
    const seconds = reading.isInstant ? reading.seconds : this.#secondsOf(reading);
    if (this.#hasWindow) {
      const ahead = seconds * 1000 + reading.nanoseconds / 1e6 - this.#clock();
      this.isOutsideWindow = ahead > this.#future || -ahead > this.#past;
      if (this.isOutsideWindow) return false;
    }
    this.seconds = seconds;
    this.nanoseconds = reading.nanoseconds;
    this.start = start;
    this.end = reading.end;
    this.format = (this.#only ?? this.#pinned)?.name ?? '';
    this.zoneIsKnown = reading.zoneIsKnown;
    return true;
  }

  #secondsOf(reading: Reading): number {
    const local = this.#localSecondsOf(reading);
    return local - (reading.hasOffset ? reading.offset : this.#zone.offsetAt(local));
  }

  #localSecondsOf(reading: Reading): number {
    if (!reading.hasDate) return this.#missingDate.withDate(reading);
    const { year } = reading;
    return year === -1 ? this.#missingDate.withYear(reading) : reading.localSeconds(year);
  }
}
