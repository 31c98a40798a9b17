import { CYCLE_DAYS, CYCLE_YEARS, DAY_SECONDS, daysFromCivil, yearOf } from '../civil.js';
import { InvalidTimeZoneError } from '../errors.js';
import { parseOffset } from './offset.js';

/** Before this year every zone has the mean time of its city, in Node's data. */
const FIRST_YEAR = 1840;

/** From this year on, no zone has other rules any more: its years repeat with the calendar. */
const SETTLED_YEAR = 2100;

/** Between two looks at a zone, when changes are searched. No zone has changed twice within a week. */
const STEP_SECONDS = 7 * DAY_SECONDS;

/** No offset is larger than this. A year begins in every zone within so much of its beginning in UTC. */
const MOST_OFFSET = 2 * DAY_SECONDS;

/** The offsets of a year. A time by the wall clock before `ends[i]` has `offsets[i]`. */
interface YearOfOffsets {
  readonly ends: readonly number[];
  readonly offsets: readonly number[];
}

/**
 * A time zone, from Node's `Intl`: what has to be taken from a time by the wall clock to get UTC.
 * A time that a clock shows twice is the first of both. A time that a clock skips counts as if it had
 * not been put forward yet. `Temporal` does the same by default.
 *
 * Offsets are found year by year, when they are asked for. The last answer is kept with the times for
 * which it holds, which is what most questions need.
 */
export class TimeZone {
  /** The name in the IANA database, or the offset. */
  readonly name: string;
  readonly #format: Intl.DateTimeFormat | undefined;
  readonly #years = new Map<number, YearOfOffsets>();
  #from = 0;
  #to = 0;
  #offset = 0;

  /**
   * @param zone an IANA name, an offset such as `+05:30`, or `local`, the zone of this process
   * @throws InvalidTimeZoneError
   */
  constructor(zone: string) {
    const isLocal = zone.toLowerCase() === 'local';
    this.name = isLocal ? new Intl.DateTimeFormat().resolvedOptions().timeZone : zone;
    const fixed = parseOffset(this.name);
    if (fixed !== undefined) {
      this.#offset = fixed;
      this.#from = Number.NEGATIVE_INFINITY;
      this.#to = Number.POSITIVE_INFINITY;
      return;
    }
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone: this.name,
        timeZoneName: 'longOffset',
      });
    } catch (cause) {
      throw new InvalidTimeZoneError(zone, { cause });
    }
  }

  /**
   * The offset from UTC in seconds, positive in the east, at a time by the wall clock of the zone.
   * @param local seconds from 1970-01-01T00:00:00 by the wall clock
   */
  offsetAt(local: number): number {
    if (local < this.#from || local >= this.#to) this.#find(local);
    return this.#offset;
  }

  /** The time by the wall clock, as seconds from 1970, at an instant; exact but for hours around a change. */
  localAt(instant: number): number {
    return instant + this.offsetAt(instant + this.offsetAt(instant));
  }

  #find(local: number): void {
    const year = yearOf(local);
    const cycles = Math.max(0, Math.floor((year - SETTLED_YEAR) / CYCLE_YEARS));
    const known = Math.max(year - cycles * CYCLE_YEARS, FIRST_YEAR);
    const shift = cycles * CYCLE_DAYS * DAY_SECONDS;
    let offsets = this.#years.get(known);
    if (offsets === undefined) {
      offsets = this.#readYear(known);
      this.#years.set(known, offsets);
    }
    const at = year < FIRST_YEAR ? 0 : offsets.ends.findIndex((end) => local - shift < end);
    this.#offset = offsets.offsets[at] as number;
    const begin = secondsTo(year);
    this.#from = at === 0 ? begin : Math.max(begin, (offsets.ends[at - 1] as number) + shift);
    const end = secondsTo(year + 1);
    this.#to = year < FIRST_YEAR ? end : Math.min(end, (offsets.ends[at] as number) + shift);
  }

  #readYear(year: number): YearOfOffsets {
    const ends: number[] = [];
    const end = secondsTo(year + 1) + MOST_OFFSET;
    let at = secondsTo(year) - MOST_OFFSET;
    let offset = this.#offsetAtInstant(at);
    const offsets = [offset];
    while (at < end) {
      const next = at + STEP_SECONDS;
      const later = this.#offsetAtInstant(next);
      if (later !== offset) {
        const change = this.#findChange(at, next, offset);
        // A skipped time belongs to what was before it, and a repeated one to what came first.
        ends.push(change + Math.max(offset, later));
        offsets.push(later);
        offset = later;
      }
      at = next;
    }
    ends.push(Number.POSITIVE_INFINITY);
    return { ends, offsets };
  }

  /** The first second at which the offset is not `offset` any more. */
  #findChange(from: number, to: number, offset: number): number {
    let [before, after] = [from, to];
    while (after - before > 1) {
      const middle = Math.floor((before + after) / 2);
      if (this.#offsetAtInstant(middle) === offset) before = middle;
      else after = middle;
    }
    return after;
  }

  #offsetAtInstant(seconds: number): number {
    const text = this.#format?.format(seconds * 1000) ?? '';
    const [, sign, hours, minutes = 0, rest = 0] =
      /GMT(?:([+-])(\d\d):(\d\d)(?::(\d\d))?)?$/.exec(text) ?? [];
    if (hours === undefined) return 0;
    const offset = Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
    return sign === '-' ? -offset : offset;
  }
}

/** The seconds from 1970 to the beginning of a year. */
function secondsTo(year: number): number {
  return daysFromCivil(year, 1, 1) * DAY_SECONDS;
}
