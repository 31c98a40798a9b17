import { digitOf, endOfSpaces, isDigit, isUpper, SPACE, twoDigits } from '../bytes.js';
import { DAY_SECONDS, daysFromCivil, daysInMonth, isLeapYear } from '../civil.js';
import { monthNames, weekdayNames } from '../names.js';
import type { ZoneNames } from '../zones/zone-names.js';
import { isOffset, isZulu } from './offset-text.js';
import * as step from './steps.js';

const COLON = 0x3a;
const PLUS = 0x2b;
const MINUS = 0x2d;
const DOT = 0x2e;
const COMMA = 0x2c;

const MISSING = -1;
const NANOSECOND_DIGITS = 9;

/** What was read from a text: the fields of a time, or an instant. One is made, and used for all lines. */
export class Reading {
  readonly #names: ZoneNames;
  readonly #fields = new Int32Array(step.FIELD_COUNT);

  /** Where the text ends. */
  end = 0;
  nanoseconds = 0;
  /** Whether the text has an offset or the name of a zone: then `offset` has the seconds. */
  hasOffset = false;
  offset = 0;
  /** False when the text names a zone that nobody knows; it counts as UTC then. */
  zoneIsKnown = true;
  /** Whether the text says how many seconds have passed since 1970: then `seconds` has them. */
  isInstant = false;
  seconds = 0;

  constructor(names: ZoneNames) {
    this.#names = names;
  }

  /** -1 when the text has none. */
  get year(): number {
    return this.#fields[step.YEAR] as number;
  }

  /** Whether the text has a month and a day, or a day of the year. */
  get hasDate(): boolean {
    return this.#fields[step.DAY] !== MISSING || this.#fields[step.DAY_OF_YEAR] !== MISSING;
  }

  /** The seconds from midnight. */
  get secondOfDay(): number {
    const fields = this.#fields;
    return (
      (fields[step.HOUR] as number) * 3600 +
      (fields[step.MINUTE] as number) * 60 +
      (fields[step.SECOND] as number)
    );
  }

  /** The seconds from 1970 to the time in a year, by the wall clock; NaN when that year has no such day. */
  localSeconds(year: number): number {
    const fields = this.#fields;
    const dayOfYear = fields[step.DAY_OF_YEAR] as number;
    const month = fields[step.MONTH] as number;
    const day = fields[step.DAY] as number;
    if (dayOfYear === MISSING && day > daysInMonth(year, month)) return Number.NaN;
    const days =
      dayOfYear === MISSING
        ? daysFromCivil(year, month, day)
        : daysFromCivil(year, 1, 1) + dayOfYear - 1;
    return days * DAY_SECONDS + this.secondOfDay;
  }

  /** Takes an instant instead of fields. */
  setInstant(seconds: number, nanoseconds: number, end: number): void {
    this.isInstant = true;
    this.seconds = seconds;
    this.nanoseconds = nanoseconds;
    this.zoneIsKnown = true;
    this.end = end;
  }

  /**
   * Reads the text that begins at `from` and ends at `to` or before.
   * @returns whether it is a time of this layout; else the fields have no meaning
   */
  read(layout: step.Layout, bytes: Uint8Array, from: number, to: number): boolean {
    const { steps } = layout;
    this.isInstant = false;
    this.nanoseconds = 0;
    this.hasOffset = false;
    this.offset = 0;
    this.zoneIsKnown = true;
    let at = from;
    for (let i = 0; i < steps.length; i++) {
      const one = steps[i] as number;
      switch (one & 0xff) {
        case step.LITERAL:
          at = at < to && bytes[at] === one >>> 8 ? at + 1 : -1;
          break;
        case step.SPACES:
          at = at < to && bytes[at] === SPACE ? endOfSpaces(bytes, at + 1, to) : -1;
          break;
        case step.NUMBER:
          at = this.#readNumber(one, bytes, at, to);
          break;
        case step.DATE:
          at = this.#readDate(one >>> 8, bytes, at, to);
          break;
        case step.CLOCK:
          at = this.#readClock(bytes, at, to);
          break;
        case step.MONTH_NAME: {
          const isName = at + 3 <= to && isUpper(bytes[at] as number);
          const month = isName ? monthNames.find(bytes, at) : -1;
          this.#fields[step.MONTH] = month + 1;
          if (month === -1) at = -1;
          else at = step.operand(one, 1) === 0 ? at + 3 : monthNames.endOf(month, bytes, at, to);
          break;
        }
        default:
          at = this.#readRare(one, bytes, at, to);
      }
      if (at === -1) return false;
    }
    // The digits that were read must be all that there are.
    if (at < to && isDigit(bytes[at] as number) && isDigit(bytes[at - 1] as number)) return false;
    if (layout.refusesOffset && isOffset(bytes, at, to)) return false;
    this.end = at;
    const { missing } = layout;
    for (let i = 0; i < missing.length; i++) this.#fields[missing[i] as number] = MISSING;
    return this.#isValid();
  }

  #readNumber(one: number, bytes: Uint8Array, from: number, to: number): number {
    const limit = Math.min(to, from + (one >>> 24));
    let value = 0;
    let at = from;
    while (at < limit && isDigit(bytes[at] as number)) {
      value = value * 10 + digitOf(bytes[at++] as number);
    }
    if (at - from < ((one >>> 16) & 0xff)) return -1;
    this.#fields[(one >>> 8) & 0xff] = value;
    return at;
  }

  #readDate(separator: number, bytes: Uint8Array, at: number, to: number): number {
    if (at + 10 > to || bytes[at + 4] !== separator || bytes[at + 7] !== separator) return -1;
    const century = twoDigits(bytes, at);
    const year = twoDigits(bytes, at + 2);
    const month = twoDigits(bytes, at + 5);
    const day = twoDigits(bytes, at + 8);
    if ((century | year | month | day) < 0) return -1;
    this.#fields[step.YEAR] = century * 100 + year;
    this.#fields[step.MONTH] = month;
    this.#fields[step.DAY] = day;
    return at + 10;
  }

  #readClock(bytes: Uint8Array, at: number, to: number): number {
    if (at + 8 > to || bytes[at + 2] !== COLON || bytes[at + 5] !== COLON) return -1;
    const hour = twoDigits(bytes, at);
    const minute = twoDigits(bytes, at + 3);
    const second = twoDigits(bytes, at + 6);
    if ((hour | minute | second) < 0) return -1;
    this.#fields[step.HOUR] = hour;
    this.#fields[step.MINUTE] = minute;
    this.#fields[step.SECOND] = second;
    return at + 8;
  }

  #readRare(one: number, bytes: Uint8Array, at: number, to: number): number {
    const operand = step.operand(one, 1);
    switch (one & 0xff) {
      case step.SHORT_YEAR: {
        const year = at + 2 <= to ? twoDigits(bytes, at) : -1;
        this.#fields[step.YEAR] = year >= 69 ? 1900 + year : 2000 + year;
        return year < 0 ? -1 : at + 2;
      }
      case step.WEEKDAY_NAME: {
        const weekday = at + 3 <= to ? weekdayNames.find(bytes, at) : -1;
        if (weekday === -1) return -1;
        return operand === 0 ? at + 3 : weekdayNames.endOf(weekday, bytes, at, to);
      }
      case step.FRACTION:
        return this.#readFraction(operand === 1, bytes, at, to);
      case step.HALF_DAY: {
        const letter = at + 2 <= to ? (bytes[at] as number) ^ operand : 0;
        if (
          (letter !== 0x41 && letter !== 0x50) ||
          ((bytes[at + 1] as number) ^ operand) !== 0x4d
        ) {
          return -1;
        }
        this.#fields[step.HALF] = letter === 0x50 ? 1 : 0;
        return at + 2;
      }
      case step.OFFSET:
        return this.#readOffset(operand, bytes, at, to);
      default:
        return this.#readZoneName(operand === 0, bytes, at, to);
    }
  }

  #readFraction(isOptional: boolean, bytes: Uint8Array, at: number, to: number): number {
    const separator = at < to ? bytes[at] : 0;
    let end = at + 1;
    let value = 0;
    if (separator === DOT || separator === COMMA) {
      while (end < to && isDigit(bytes[end] as number)) {
        if (end - at > NANOSECOND_DIGITS) return -1;
        value = value * 10 + digitOf(bytes[end++] as number);
      }
    }
    const digits = end - at - 1;
    if (digits === 0) return isOptional ? at : -1;
    this.nanoseconds = value * (POWERS[NANOSECOND_DIGITS - digits] as number);
    return end;
  }

  #readOffset(bits: number, bytes: Uint8Array, at: number, to: number): number {
    const sign = at < to ? (bytes[at] as number) : 0;
    this.hasOffset = true;
    if (isZulu(sign)) return (bits & (step.ALLOWS_Z | step.ONLY_Z)) === 0 ? -1 : at + 1;
    if ((sign !== PLUS && sign !== MINUS) || bits & step.ONLY_Z || at + 3 > to) return -1;
    const hours = twoDigits(bytes, at + 1);
    let end = at + 3;
    let minutes = 0;
    if (bits & step.HAS_MINUTES) {
      if (bits & step.HAS_COLON && (end >= to || bytes[end++] !== COLON)) return -1;
      minutes = end + 2 <= to ? twoDigits(bytes, end) : -1;
      end += 2;
    }
    if ((hours | minutes) < 0 || hours > 23 || minutes > 59) return -1;
    const offset = hours * 3600 + minutes * 60;
    this.offset = sign === MINUS ? -offset : offset;
    return end;
  }

  /** Zones without an abbreviation of their own have `+11` or `-0330` in its place. */
  #readZoneName(allowsMinutes: boolean, bytes: Uint8Array, at: number, to: number): number {
    const first = at < to ? (bytes[at] as number) : 0;
    if (!isUpper(first)) {
      const isLong = at + 4 < to && isDigit(bytes[at + 3] as number);
      if (isLong && !allowsMinutes) return -1;
      return this.#readOffset(isLong ? step.HAS_MINUTES : 0, bytes, at, to);
    }
    const end = this.#names.endOf(bytes, at, to);
    if (end === -1) return -1;
    const offset = this.#names.offsetOf(bytes, at, end);
    // A word of three letters stands for a zone, known or not. Another one may be anything.
    if (offset === undefined && end - at !== 3) return -1;
    this.hasOffset = true;
    this.offset = offset ?? 0;
    this.zoneIsKnown = offset !== undefined;
    return end;
  }

  #isValid(): boolean {
    const fields = this.#fields;
    const half = fields[step.HALF] as number;
    if (half !== MISSING) {
      const hour = fields[step.HOUR] as number;
      if (hour < 1 || hour > 12) return false;
      fields[step.HOUR] = (hour % 12) + half * 12;
    }
    if (fields[step.MINUTE] === MISSING) fields[step.MINUTE] = 0;
    if (fields[step.SECOND] === MISSING) fields[step.SECOND] = 0;
    return (
      (fields[step.HOUR] as number) < 24 &&
      (fields[step.MINUTE] as number) < 60 &&
      (fields[step.SECOND] as number) < 60 &&
      this.#hasValidDate()
    );
  }

  #hasValidDate(): boolean {
    const year = this.year;
    const month = this.#fields[step.MONTH] as number;
    const day = this.#fields[step.DAY] as number;
    const dayOfYear = this.#fields[step.DAY_OF_YEAR] as number;
    if (dayOfYear !== MISSING) return dayOfYear >= 1 && dayOfYear <= (isLeapYear(year) ? 366 : 365);
    if (day === MISSING) return true;
    if (month < 1 || month > 12 || day < 1) return false;
    return day <= daysInMonth(year === MISSING ? LEAP_YEAR : year, month);
  }
}

/** Which has all days that a date without a year can mean. */
const LEAP_YEAR = 2000;

const POWERS = Float64Array.from({ length: NANOSECOND_DIGITS + 1 }, (_, i) => 10 ** i);
