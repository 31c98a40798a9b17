import {
  DecodeError,
  decodeTimestamp,
  encodeTimestamp,
  InvalidTimestampError,
  Timestamp,
  type TimestampInput,
  WIRE_EPOCH_OFFSET,
} from '@ringest/codec';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { fuzzRuns, readVectors } from '../support/vectors.js';

interface TimestampVector {
  hex: string;
  nanoseconds: number;
  seconds: string;
  string: string;
  unixNanoseconds: number;
  unixSeconds: string;
}

const vectors = readVectors<TimestampVector[]>('timestamps');

const nanoseconds = fc.integer({ min: 0, max: 999_999_999 });
const times = fc
  .record({ seconds: fc.maxSafeInteger(), nanoseconds })
  .map((time) => new Timestamp(time.seconds, time.nanoseconds));
const year0 = -62167219200;
const year9999 = 253402300799;
const calendarTimes = fc
  .record({ seconds: fc.integer({ min: year0, max: year9999 }), nanoseconds })
  .map((time) => new Timestamp(time.seconds, time.nanoseconds));

function encoded(time: Timestamp): Buffer {
  const bytes = Buffer.alloc(12);
  encodeTimestamp(time, bytes, 0);
  return bytes;
}

function wire(seconds: bigint, nanosecond = 0): Buffer {
  const bytes = Buffer.alloc(12);
  bytes.writeBigInt64LE(seconds, 0);
  bytes.writeUInt32LE(nanosecond, 8);
  return bytes;
}

describe.each(vectors)('the time $string', (vector) => {
  const time = new Timestamp(Number(vector.unixSeconds), vector.unixNanoseconds);

  it('encodes as the reference has it', () => {
    expect(encoded(time).toString('hex')).toBe(vector.hex);
    expect(encoded(time).readBigInt64LE(0)).toBe(BigInt(vector.seconds));
    expect(encoded(time).readUInt32LE(8)).toBe(vector.nanoseconds);
  });

  it('decodes', () => {
    expect(decodeTimestamp(Buffer.from(vector.hex, 'hex'), 0)).toEqual(time);
  });

  it('is written and read as text', () => {
    expect(time.toString()).toBe(vector.string);
    expect(Timestamp.parse(vector.string)).toEqual(time);
  });

  it('is the same from every other form', () => {
    const sinceEpoch = BigInt(vector.unixSeconds) * 1_000_000_000n + BigInt(time.nanoseconds);
    expect(Timestamp.from({ epochNanoseconds: sinceEpoch })).toEqual(time);
    expect(Timestamp.from({ seconds: time.seconds, nanoseconds: time.nanoseconds })).toEqual(time);
    expect(Timestamp.from(vector.string)).toEqual(time);
    const toTheMillisecond = new Timestamp(
      time.seconds,
      Math.floor(time.nanoseconds / 1e6) * 1_000_000,
    );
    expect(Timestamp.from(time.toDate())).toEqual(toTheMillisecond);
    expect(Timestamp.from(time.toDate().getTime())).toEqual(toTheMillisecond);
  });
});

describe('a timestamp', () => {
  it('is zero at the epoch of the wire', () => {
    expect(Timestamp.ZERO.seconds).toBe(-WIRE_EPOCH_OFFSET);
    expect(encoded(Timestamp.ZERO)).toEqual(Buffer.alloc(12));
  });

  it('decodes to what was encoded, and encodes as an i64, over all safe integers', () => {
    fc.assert(
      fc.property(times, (time) => {
        const bytes = encoded(time);
        expect(bytes).toEqual(
          wire(BigInt(time.seconds) + BigInt(WIRE_EPOCH_OFFSET), time.nanoseconds),
        );
        expect(decodeTimestamp(bytes, 0)).toEqual(time);
      }),
      fuzzRuns(2000),
    );
  });

  it.each([Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER])('reaches to %d', (seconds) => {
    const time = new Timestamp(seconds, 999_999_999);
    expect(decodeTimestamp(encoded(time), 0)).toEqual(time);
    expect(encoded(time).readBigInt64LE(0)).toBe(BigInt(seconds) + BigInt(WIRE_EPOCH_OFFSET));
  });

  it.each([
    2n ** 63n - 1n,
    -(2n ** 63n),
    BigInt(WIRE_EPOCH_OFFSET) + 2n ** 53n,
    BigInt(WIRE_EPOCH_OFFSET) - 2n ** 53n,
  ])('refuses wire seconds of %d instead of rounding them', (seconds) => {
    expect(() => decodeTimestamp(wire(seconds), 0)).toThrow(DecodeError);
  });

  it('refuses a wire second of 1000000000 nanoseconds', () => {
    expect(() => decodeTimestamp(wire(0n, 1_000_000_000), 0)).toThrow(DecodeError);
    expect(decodeTimestamp(wire(0n, 999_999_999), 0).nanoseconds).toBe(999_999_999);
  });

  it('refuses fewer than 12 bytes', () => {
    expect(() => decodeTimestamp(Buffer.alloc(13), 2)).toThrow(DecodeError);
    expect(decodeTimestamp(Buffer.alloc(14), 2)).toEqual(Timestamp.ZERO);
  });

  it('reads back its own text, from year 0 to 9999', () => {
    fc.assert(
      fc.property(calendarTimes, (time) => {
        expect(Timestamp.parse(time.toString())).toEqual(time);
      }),
      fuzzRuns(2000),
    );
  });

  it('agrees with Date on text and milliseconds', () => {
    fc.assert(
      fc.property(fc.integer({ min: year0 * 1000, max: year9999 * 1000 + 999 }), (milliseconds) => {
        const date = new Date(milliseconds);
        const time = Timestamp.from(date);
        expect(Timestamp.from(date.toISOString())).toEqual(time);
        expect(time.toDate()).toEqual(date);
        expect(Timestamp.from(milliseconds)).toEqual(time);
      }),
      fuzzRuns(2000),
    );
  });

  it.each([
    ['2025-11-22T04:34:56Z', '2025-11-22T04:34:56Z'],
    ['2025-11-22t04:34:56z', '2025-11-22T04:34:56Z'],
    ['2025-11-22T04:34:56.5+01:30', '2025-11-22T03:04:56.5Z'],
    ['2025-12-31T23:59:59.123456789-00:01', '2026-01-01T00:00:59.123456789Z'],
    ['2024-02-29T00:00:00.100Z', '2024-02-29T00:00:00.1Z'],
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00Z'],
    ['0099-12-31T00:00:00Z', '0099-12-31T00:00:00Z'],
    ['0000-01-01T00:00:00+00:01', '-0001-12-31T23:59:00Z'],
    ['9999-12-31T23:59:59-00:01', '10000-01-01T00:00:59Z'],
  ])('reads %s as %s', (text, utc) => {
    expect(Timestamp.parse(text).toString()).toBe(utc);
  });

  it.each([
    '',
    'now',
    '2025-11-22',
    '2025-11-22T04:34:56',
    '2025-11-22 04:34:56Z',
    '2025-11-22T04:34:56.Z',
    '2025-11-22T04:34:56.1234567890Z',
    '2025-11-22T04:34:56,5Z',
    '2025-11-22T04:34:56+0130',
    '2025-11-22T04:34:56+24:00',
    '2025-11-22T04:34:56+01:60',
    '2025-02-29T00:00:00Z',
    '2025-04-31T00:00:00Z',
    '2025-00-01T00:00:00Z',
    '2025-13-01T00:00:00Z',
    '2025-01-00T00:00:00Z',
    '2025-01-01T24:00:00Z',
    '2025-01-01T00:60:00Z',
    '2016-12-31T23:59:60Z',
    '+2025-01-01T00:00:00Z',
    '2025-01-01T00:00:00Z\n',
  ])('refuses the text "%s"', (text) => {
    expect(() => Timestamp.parse(text)).toThrow(InvalidTimestampError);
  });

  it('takes fractions of a millisecond', () => {
    expect(Timestamp.from(1.25)).toEqual(new Timestamp(0, 1_250_000));
    expect(Timestamp.from(-0.000001)).toEqual(new Timestamp(-1, 999_999_999));
    expect(Timestamp.from(999.9999999)).toEqual(new Timestamp(1, 0));
  });

  it('is the same from -0 as from 0', () => {
    expect(Timestamp.from(-0)).toEqual(new Timestamp(0, 0));
    expect(new Timestamp(-0, -0)).toEqual(new Timestamp(0, 0));
  });

  it('rounds nanoseconds before 1970 down, not to zero', () => {
    expect(Timestamp.from({ epochNanoseconds: -1n })).toEqual(new Timestamp(-1, 999_999_999));
    expect(Timestamp.from({ epochNanoseconds: -1_000_000_000n })).toEqual(new Timestamp(-1, 0));
  });

  it('is itself where a time can stand', () => {
    const time = Timestamp.now();
    expect(Timestamp.from(time)).toBe(time);
  });

  it.each([
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [1e300],
    [new Date(Number.NaN)],
    [{ seconds: 0.5, nanoseconds: 0 }],
    [{ seconds: 2 ** 53, nanoseconds: 0 }],
    [{ seconds: 0, nanoseconds: -1 }],
    [{ seconds: 0, nanoseconds: 1_000_000_000 }],
    [{ seconds: 0, nanoseconds: 0.5 }],
    [{ seconds: 0 }],
    [{ seconds: '0', nanoseconds: 0 }],
    [{ epochNanoseconds: 2n ** 53n * 1_000_000_000n }],
    [{ epochNanoseconds: 0 }],
    [{}],
    [null],
    [undefined],
    [true],
    [10n],
  ])('refuses %s', (input) => {
    expect(() => Timestamp.from(input as unknown as TimestampInput)).toThrow(InvalidTimestampError);
  });

  it('refuses to become a Date that there is none of', () => {
    expect(new Timestamp(8.64e12, 0).toDate().getTime()).toBe(8.64e15);
    expect(() => new Timestamp(8.64e12, 1_000_000).toDate()).toThrow(InvalidTimestampError);
  });

  describe('of now', () => {
    // The clocks, which stand still until they are set.
    let wall = 0;
    let elapsed = 0;

    beforeEach(() => {
      wall = Date.UTC(2026, 0, 1);
      elapsed = 1000;
      vi.spyOn(Date, 'now').mockImplementation(() => Math.floor(wall));
      vi.spyOn(performance, 'now').mockImplementation(() => elapsed);
      // The wall clock differs from what was seen at the start of the process: it is followed.
      Timestamp.now();
    });

    afterEach(() => {
      vi.restoreAllMocks();
      // Back to the real clocks, for whatever comes after.
      Timestamp.now();
    });

    const pass = (milliseconds: number) => {
      wall += milliseconds;
      elapsed += milliseconds;
    };

    it('is the time of the system, to the middle of its millisecond', () => {
      expect(Timestamp.now().toString()).toBe('2026-01-01T00:00:00.0005Z');
    });

    it('goes on to the microsecond between two ticks of the system clock', () => {
      const start = Timestamp.now();
      const readings = Array.from({ length: 10 }, () => {
        pass(0.001);
        return Timestamp.now().nanoseconds - start.nanoseconds;
      });
      for (const [i, reading] of readings.entries()) {
        // A double holds milliseconds of today to a tenth of a microsecond only.
        expect(Math.round(reading / 1000)).toBe(i + 1);
      }
    });

    it('does not jump with a system clock that is off by less than its own error', () => {
      pass(1000);
      const expected = Timestamp.now();
      wall += 0.9;
      expect(Timestamp.now()).toEqual(expected);
    });

    it.each([-3_600_000, 3_600_000, 2])('follows the clock when it is set by %d ms', (change) => {
      wall += change;
      const now = Timestamp.now();
      expect(now.toDate().getTime()).toBe(wall);
      expect(now.nanoseconds % 1_000_000).toBe(500_000);
    });
  });
});

describe('the text in JSON', () => {
  it('is the one of toString, from which the same time comes back', () => {
    fc.assert(
      fc.property(calendarTimes, (time) => {
        const { at } = JSON.parse(JSON.stringify({ at: time }));
        expect(at).toBe(`${time}`);
        expect(Timestamp.from(at)).toEqual(time);
      }),
      fuzzRuns(100),
    );
  });
});

describe('comparing', () => {
  it('orders as the nanoseconds since 1970 do', () => {
    fc.assert(
      fc.property(times, times, (one, other) => {
        const difference = one.epochNanoseconds - other.epochNanoseconds;
        const expected = difference < 0n ? -1 : difference > 0n ? 1 : 0;
        expect(Timestamp.compare(one, other)).toBe(expected);
      }),
      fuzzRuns(100),
    );
  });

  it('tells times apart by a nanosecond, and takes whatever is a time', () => {
    const time = Timestamp.parse('2026-11-22T01:02:03.000000004Z');
    expect(Timestamp.compare(time, '2026-11-22T01:02:03.000000004Z')).toBe(0);
    expect(Timestamp.compare(time, time.add({ nanoseconds: 1 }))).toBe(-1);
    expect(Timestamp.compare(time, new Date('2026-11-22T01:02:03Z'))).toBe(1);
    expect(() => Timestamp.compare(time, 'yesterday')).toThrow(InvalidTimestampError);
  });
});

describe('adding', () => {
  const time = Timestamp.parse('2026-11-22T01:02:03.5Z');

  it.each([
    [{}, '2026-11-22T01:02:03.5Z'],
    [{ hours: 23, minutes: -2, seconds: 1 }, '2026-11-23T00:00:04.5Z'],
    [{ milliseconds: 500 }, '2026-11-22T01:02:04Z'],
    [{ microseconds: -500_001 }, '2026-11-22T01:02:02.999999Z'],
    [{ nanoseconds: 1 }, '2026-11-22T01:02:03.500000001Z'],
    [{ seconds: undefined, hours: -2 }, '2026-11-21T23:02:03.5Z'],
  ])('%o gives %s', (duration, text) => {
    expect(`${time.add(duration)}`).toBe(text);
  });

  it('is undone by adding the opposite', () => {
    fc.assert(
      fc.property(calendarTimes, fc.maxSafeInteger(), (start, amount) => {
        const later = start.add({ nanoseconds: amount });
        expect(later.epochNanoseconds - start.epochNanoseconds).toBe(BigInt(amount));
        expect(later.add({ nanoseconds: -amount })).toEqual(start);
      }),
      fuzzRuns(100),
    );
  });

  it.each([{ seconds: 0.5 }, { seconds: '1' }, { days: 1 }, { hours: Number.MAX_SAFE_INTEGER }])(
    'refuses %o',
    (duration) => {
      expect(() => time.add(duration as never)).toThrow(InvalidTimestampError);
    },
  );
});

it('the nanoseconds since 1970 are those of the time, as an Instant has them', () => {
  const time = Timestamp.parse('1969-12-31T23:59:59.999999999Z');
  expect(time.epochNanoseconds).toBe(-1n);
  expect(Timestamp.from({ epochNanoseconds: time.epochNanoseconds })).toEqual(time);
});
