import { types } from 'node:util';
import { DecodeError, InvalidTimestampError } from './errors.js';
import { TWO_32 } from './u64.js';

/** The seconds from the epoch of the protocol, 0001-01-01T00:00:00Z, to the Unix epoch (§5). */
export const WIRE_EPOCH_OFFSET = 62135596800;

/** The bytes of a timestamp on the wire: an `i64` of seconds and a `u32` of nanoseconds (§5). */
export const TIMESTAMP_BYTES = 12;

/** A point in time to the nanosecond. */
export interface UnixTime {
  /** Whole seconds since 1970-01-01T00:00:00Z: a safe integer, negative before. */
  readonly seconds: number;
  /** Nanoseconds that are added to the seconds: 0..999999999. */
  readonly nanoseconds: number;
}

/**
 * A point in time: milliseconds since 1970, which may have a fraction, text of RFC 3339, a `Date`, an
 * object with seconds and nanoseconds, or a `Temporal.Instant`.
 */
export type TimestampInput =
  | UnixTime
  | Date
  | number
  | string
  | { readonly epochNanoseconds: bigint };

/** A length of time for {@link Timestamp.add}: the sum of its fields, each of which may be negative. */
export interface TimestampDuration {
  readonly hours?: number | undefined;
  readonly minutes?: number | undefined;
  readonly seconds?: number | undefined;
  readonly milliseconds?: number | undefined;
  readonly microseconds?: number | undefined;
  readonly nanoseconds?: number | undefined;
}

const NANOSECONDS = 1_000_000_000;
/** How many nanoseconds each field of a duration stands for. */
const DURATION_UNITS: Readonly<Record<keyof TimestampDuration, bigint>> = {
  hours: 3_600_000_000_000n,
  minutes: 60_000_000_000n,
  seconds: 1_000_000_000n,
  milliseconds: 1_000_000n,
  microseconds: 1_000n,
  nanoseconds: 1n,
};
const OFFSET_HIGH = Math.floor(WIRE_EPOCH_OFFSET / TWO_32);
const OFFSET_LOW = WIRE_EPOCH_OFFSET % TWO_32;

// The calendar repeats every 400 years. Moving a time by that many makes `Date`, which knows only
// half a million years and takes 0 to 99 for the twentieth century, good for every time.
const CYCLE_YEARS = 400;
const CYCLE_SECONDS = 146097 * 86400;

const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])(\d\d):(\d\d))$/i;

// How far two clocks may be apart: `Date.now` rounds down, so it alone is up to half a millisecond off.
const CLOCK_TOLERANCE_MS = 1.5;

let origin = 0;
let originSeconds = 0;
let originMilliseconds = 0;
setOrigin(performance.timeOrigin);

/** A point in time to the nanosecond, as entries carry it (§5). Its Unix seconds are a safe integer. */
export class Timestamp implements UnixTime {
  /** 0001-01-01T00:00:00Z, which is all zeros on the wire. */
  static readonly ZERO: Timestamp = new Timestamp(-WIRE_EPOCH_OFFSET, 0);

  /** Whole seconds since 1970-01-01T00:00:00Z: a safe integer, negative before. */
  readonly seconds: number;
  /** Nanoseconds that are added to the seconds: 0..999999999. */
  readonly nanoseconds: number;

  /**
   * @param seconds Unix seconds, a safe integer.
   * @param nanoseconds 0..999999999, added to the seconds.
   * @throws {InvalidTimestampError} if either is out of bounds.
   */
  constructor(seconds: number, nanoseconds: number) {
    if (!Number.isSafeInteger(seconds)) {
      throw new InvalidTimestampError(seconds, 'give seconds that are a safe integer');
    }
    if (!Number.isInteger(nanoseconds) || nanoseconds < 0 || nanoseconds >= NANOSECONDS) {
      throw new InvalidTimestampError(nanoseconds, 'give nanoseconds from 0 to 999999999');
    }
    // Adding 0 turns -0 into 0, so that equal times are equal for Object.is, too.
    this.seconds = seconds + 0;
    this.nanoseconds = nanoseconds + 0;
  }

  /** Returns the time of the system, to the microsecond or better. It may go back when the clock is set. */
  static now(): Timestamp {
    const elapsed = performance.now();
    const wall = Date.now() + 0.5;
    // `performance` counts on from the clock it saw at start: follow when the clock has moved since.
    if (Math.abs(origin + elapsed - wall) > CLOCK_TOLERANCE_MS) setOrigin(wall - elapsed);
    // Whole seconds are split off the large number first: the sum would round to 0.2 microseconds.
    return fromParts(originSeconds, originMilliseconds + elapsed);
  }

  /**
   * Makes a timestamp from any {@link TimestampInput}.
   *
   * @throws {InvalidTimestampError} if the input is something else, or its Unix seconds are not a safe integer.
   */
  static from(input: TimestampInput): Timestamp {
    if (input instanceof Timestamp) return input;
    if (typeof input === 'number') return fromMilliseconds(input, input);
    if (typeof input === 'string') return Timestamp.parse(input);
    // The first test is for speed, the second for a Date of another realm.
    if (input instanceof Date || types.isDate(input)) {
      return fromMilliseconds(input.getTime(), input);
    }
    if (typeof input === 'object' && input !== null) {
      if ('epochNanoseconds' in input) return fromNanoseconds(input.epochNanoseconds, input);
      if ('seconds' in input) return new Timestamp(input.seconds, input.nanoseconds);
    }
    throw new InvalidTimestampError(
      input,
      'give a Date, milliseconds, RFC 3339 text, or seconds and nanoseconds',
    );
  }

  /**
   * Parses a time of RFC 3339 with up to nine digits of a second and any offset. A leap second (`:60`) is
   * refused, because Unix time cannot tell it from the next second.
   *
   * @throws {InvalidTimestampError} if the text is something else, or the calendar has no such date.
   */
  static parse(text: string): Timestamp {
    const match = RFC3339.exec(text);
    if (match === null)
      throw new InvalidTimestampError(
        text,
        'give a time of RFC 3339, such as 2030-01-31T23:59:59.5Z',
      );
    const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as SixNumbers;
    const [fraction = '', sign, offsetHour = 0, offsetMinute = 0] = match.slice(7);
    const date = new Date(Date.UTC(year + CYCLE_YEARS, month - 1, day, hour, minute, second));
    const inCalendar =
      date.getUTCMonth() === month - 1 &&
      date.getUTCDate() === day &&
      hour < 24 &&
      minute < 60 &&
      second < 60 &&
      Number(offsetHour) < 24 &&
      Number(offsetMinute) < 60;
    if (!inCalendar) throw new InvalidTimestampError(text, 'the calendar has no such time');
    const offset = (Number(offsetHour) * 60 + Number(offsetMinute)) * (sign === '-' ? -60 : 60);
    const seconds = date.getTime() / 1000 - CYCLE_SECONDS - offset;
    return new Timestamp(seconds, Number(fraction.padEnd(9, '0')));
  }

  /**
   * Returns the time as RFC 3339 text in UTC, without zeros at the end of the fraction. A year after 9999
   * has more than four digits, and a year before 0 has a sign; RFC 3339 does not have such years.
   */
  toString(): string {
    const cycles = Math.floor(this.seconds / CYCLE_SECONDS);
    const date = new Date((this.seconds - cycles * CYCLE_SECONDS) * 1000);
    const year = date.getUTCFullYear() + cycles * CYCLE_YEARS;
    const digits = `${Math.abs(year)}`.padStart(4, '0');
    const fraction = `${this.nanoseconds}`.padStart(9, '0').replace(/0+$/, '');
    return `${year < 0 ? '-' : ''}${digits}${date.toISOString().slice(4, 19)}${fraction && `.${fraction}`}Z`;
  }

  /**
   * Returns the text of {@link toString} for `JSON.stringify`. {@link from} accepts it from the year 0 to
   * the year 9999.
   */
  toJSON(): string {
    return this.toString();
  }

  /**
   * Compares two times, for `Array.prototype.sort` for example.
   *
   * @returns -1 if the first is earlier, 1 if it is later, 0 if they are the same.
   * @throws {InvalidTimestampError} if one of them is not a time.
   */
  static compare(one: TimestampInput, other: TimestampInput): -1 | 0 | 1 {
    const [a, b] = [Timestamp.from(one), Timestamp.from(other)];
    const difference = a.seconds - b.seconds || a.nanoseconds - b.nanoseconds;
    return difference < 0 ? -1 : difference > 0 ? 1 : 0;
  }

  /**
   * Returns the time that is a duration later, or earlier if it is negative. It is exact to the nanosecond.
   *
   * @throws {InvalidTimestampError} if a field of the duration is unknown, or not a safe integer, or if
   *   the seconds of the result are not a safe integer.
   */
  add(duration: TimestampDuration): Timestamp {
    let sum = this.epochNanoseconds;
    for (const [unit, amount] of Object.entries(duration)) {
      if (amount === undefined) continue;
      const size = DURATION_UNITS[unit as keyof TimestampDuration];
      if (size === undefined || !Number.isSafeInteger(amount)) {
        const units = Object.keys(DURATION_UNITS).join(', ');
        throw new InvalidTimestampError(amount, `give whole numbers of ${units}`);
      }
      sum += BigInt(amount) * size;
    }
    return fromNanoseconds(sum, duration);
  }

  /**
   * Nanoseconds since 1970, as a `Temporal.Instant` has them:
   * `Temporal.Instant.fromEpochNanoseconds(timestamp.epochNanoseconds)`.
   */
  get epochNanoseconds(): bigint {
    return BigInt(this.seconds) * BigInt(NANOSECONDS) + BigInt(this.nanoseconds);
  }

  /**
   * Returns the time as a `Date`, rounded down to the millisecond.
   *
   * @throws {InvalidTimestampError} if the time is more than 100 million days from 1970, which is the
   *   limit of `Date`.
   */
  toDate(): Date {
    const date = new Date(this.seconds * 1000 + Math.floor(this.nanoseconds / 1e6));
    if (Number.isNaN(date.getTime())) {
      throw new InvalidTimestampError(
        this.toString(),
        'a Date cannot be more than 100 million days from 1970',
      );
    }
    return date;
  }
}

/** Encodes a timestamp as its {@link TIMESTAMP_BYTES} bytes (§5). */
export function encodeTimestamp(time: UnixTime, target: Buffer, offset: number): void {
  // An i64 in two words: a wire second can be beyond 2^53, and a BigInt would be garbage per entry.
  const high = Math.floor(time.seconds / TWO_32);
  const low = time.seconds - high * TWO_32 + OFFSET_LOW;
  target.writeUInt32LE(low % TWO_32, offset);
  target.writeInt32LE(high + OFFSET_HIGH + Math.floor(low / TWO_32), offset + 4);
  target.writeUInt32LE(time.nanoseconds, offset + 8);
}

/**
 * Decodes the {@link TIMESTAMP_BYTES} bytes of a timestamp (§5).
 *
 * @throws {DecodeError} if there are fewer bytes, if the Unix seconds are not a safe integer, or if the
 * nanoseconds are a second or more.
 */
export function decodeTimestamp(source: Buffer, offset: number): Timestamp {
  if (source.length - offset < TIMESTAMP_BYTES) {
    throw new DecodeError('timestamp', `it is shorter than ${TIMESTAMP_BYTES} bytes`);
  }
  const high = source.readInt32LE(offset + 4) - OFFSET_HIGH;
  const seconds = high * TWO_32 + (source.readUInt32LE(offset) - OFFSET_LOW);
  const nanoseconds = source.readUInt32LE(offset + 8);
  if (!Number.isSafeInteger(seconds)) {
    throw new DecodeError('timestamp', `its seconds, about ${seconds}, are not a safe integer`);
  }
  if (nanoseconds >= NANOSECONDS) {
    throw new DecodeError('timestamp', `its ${nanoseconds} nanoseconds are a second or more`);
  }
  return new Timestamp(seconds, nanoseconds);
}

type SixNumbers = [number, number, number, number, number, number];

/** Sets the Unix time at which `performance.now()` was 0, in milliseconds. */
function setOrigin(milliseconds: number): void {
  origin = milliseconds;
  originSeconds = Math.floor(milliseconds / 1000);
  originMilliseconds = milliseconds - originSeconds * 1000;
}

function fromMilliseconds(milliseconds: number, input: unknown): Timestamp {
  if (!Number.isFinite(milliseconds)) {
    throw new InvalidTimestampError(input, 'it is not a finite number of milliseconds');
  }
  return fromParts(0, milliseconds);
}

/** Adds milliseconds to seconds. Both may be negative, and the milliseconds may have a fraction. */
function fromParts(seconds: number, milliseconds: number): Timestamp {
  const whole = Math.floor(milliseconds / 1000);
  const nanoseconds = Math.round((milliseconds - whole * 1000) * 1e6);
  return nanoseconds === NANOSECONDS
    ? new Timestamp(seconds + whole + 1, 0)
    : new Timestamp(seconds + whole, nanoseconds);
}

function fromNanoseconds(sinceEpoch: bigint, input: unknown): Timestamp {
  if (typeof sinceEpoch !== 'bigint') {
    throw new InvalidTimestampError(input, 'its epochNanoseconds are not a bigint');
  }
  const second = BigInt(NANOSECONDS);
  const nanoseconds = ((sinceEpoch % second) + second) % second;
  return new Timestamp(Number((sinceEpoch - nanoseconds) / second), Number(nanoseconds));
}
