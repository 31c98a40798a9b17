import fc from 'fast-check';

/** A moment, and what a clock with an offset from UTC shows at it. */
export interface Moment {
  readonly seconds: number;
  readonly nanoseconds: number;
  /** In minutes, east of UTC. */
  readonly offset: number;
}

/** How a moment is written in a format: by `Date`, which knows nothing of the package under test. */
export interface Writing {
  readonly write: (moment: Moment) => string;
  /** The smallest unit that is written, in nanoseconds. */
  readonly unit: number;
  /** Whether the text says the offset; else the moment is written as in UTC. */
  readonly saysOffset?: boolean;
  /** The first and the last moment that can be written; 1900 to 9999 if not given. */
  readonly range?: readonly [from: string, to: string];
  /** Nanoseconds that are lost while no format is set. */
  readonly unitOfSearch?: number;
  /** Found only where a line begins. */
  readonly isFront?: boolean;
}

const SECOND = 1e9;
const MINUTE = 60 * SECOND;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');
const TWO_DIGIT_YEARS = ['1969-01-01T00:00:00Z', '2068-12-31T23:59:00Z'] as const;

/** The parts of what a clock shows, by their Go names. */
function partsOf({ seconds, nanoseconds, offset }: Moment) {
  const shown = new Date((seconds + offset * 60) * 1000);
  const [iso = ''] = shown.toISOString().split('.');
  const [date = '', clock = ''] = iso.split('T');
  const [year = '', month = '', day = ''] = date.split('-');
  const hour = shown.getUTCHours();
  const sign = offset < 0 ? '-' : '+';
  const two = (value: number) => `${value}`.padStart(2, '0');
  const minutes = Math.abs(offset);
  const [hours, rest] = [two(Math.floor(minutes / 60)), two(minutes % 60)];
  return {
    year,
    yy: year.slice(2),
    month,
    m: `${Number(month)}`,
    name: MONTHS[Number(month) - 1],
    day,
    d: `${Number(day)}`,
    padded: `${Number(day)}`.padStart(2),
    clock,
    minute: clock.slice(0, 5),
    half: `${hour % 12 === 0 ? 12 : hour % 12}${clock.slice(2)} ${hour < 12 ? 'AM' : 'PM'}`,
    fraction: `${nanoseconds}`.padStart(9, '0'),
    zone: sign + hours + rest,
    colonZone: `${sign}${hours}:${rest}`,
  };
}

type Parts = ReturnType<typeof partsOf>;

function writing(write: (parts: Parts) => string, rest: Partial<Writing> = {}): Writing {
  return { write: (moment) => write(partsOf(moment)), unit: SECOND, ...rest };
}

const offset = { saysOffset: true };
const nanos = { unit: 1 };

/** How a number of seconds is written with so many digits of the fraction behind it. */
function counted(digits: number, range: readonly [string, string], separator = ''): Writing {
  const unit = 10 ** (9 - digits);
  return {
    write: ({ seconds, nanoseconds }) => {
      const fraction = `${nanoseconds}`.padStart(9, '0').slice(0, digits);
      return `${seconds}${separator}${fraction}`;
    },
    unit,
    range,
    isFront: true,
  };
}

const NINE_DIGITS = ['1973-03-04T00:00:00Z', '2286-11-20T00:00:00Z'] as const;
const TEN_DIGITS = ['2001-09-10T00:00:00Z', '2286-11-20T00:00:00Z'] as const;

export const ansiC = writing((p) => `${p.name} ${p.padded} ${p.clock} ${p.year}`);

export const WRITINGS: Readonly<Record<string, Writing>> = {
  AnsiC: ansiC,
  Unix: writing((p) => `${p.name} ${p.padded} ${p.clock} UTC ${p.year}`),
  Ruby: writing((p) => `${p.name} ${p.padded} ${p.clock} ${p.zone} ${p.year}`, offset),
  RFC822: writing((p) => `${p.day} ${p.name} ${p.yy} ${p.minute} GMT`, {
    unit: MINUTE,
    range: TWO_DIGIT_YEARS,
  }),
  RFC822Z: writing((p) => `${p.day} ${p.name} ${p.yy} ${p.minute} ${p.zone}`, {
    ...offset,
    unit: MINUTE,
    range: ['1969-01-02T00:00:00Z', '2068-12-30T00:00:00Z'],
  }),
  RFC850: writing((p) => `${p.day}-${p.name}-${p.yy} ${p.clock} UTC`, { range: TWO_DIGIT_YEARS }),
  RFC1123: writing((p) => `${p.day} ${p.name} ${p.year} ${p.clock} UTC`),
  RFC1123Z: writing((p) => `${p.day} ${p.name} ${p.year} ${p.clock} ${p.zone}`, offset),
  RFC3339: writing((p) => `${p.year}-${p.month}-${p.day}T${p.clock}${p.colonZone}`, offset),
  RFC3339Nano: writing((p) => `${p.year}-${p.month}-${p.day}T${p.clock}.${p.fraction}Z`, nanos),
  Apache: writing((p) => `${p.day}/${p.name}/${p.year}:${p.clock} ${p.zone}`, offset),
  ApacheNoTz: writing((p) => `${p.d}/${p.name}/${p.year}:${p.clock}`),
  SyslogFile: writing(
    (p) => `${p.year}-${p.month}-${p.day}T${p.clock}.${p.fraction}${p.colonZone}`,
    { ...offset, ...nanos },
  ),
  SyslogFileTZ: writing((p) => `${p.year}-${p.month}-${p.day}T${p.clock}.${p.fraction}${p.zone}`, {
    ...offset,
    ...nanos,
  }),
  DPKG: writing((p) => `${p.year}-${p.month}-${p.day} ${p.clock}`),
  NGINX: writing((p) => `${p.year}/${p.month}/${p.day} ${p.clock}`),
  UnixMilli: counted(9, NINE_DIGITS, '.'),
  ZonelessRFC3339: writing((p) => `${p.year}-${p.month}-${p.day}T${p.clock}.${p.fraction}`, nanos),
  SyslogVariant: writing((p) => `${p.name} ${p.day} ${p.year} ${p.clock}`),
  UnpaddedDateTime: writing((p) => `${p.year}-${p.m}-${p.d} ${p.clock}`),
  UnpaddedMilliDateTime: writing((p) => `${p.year}-${p.m}-${p.d} ${p.clock}.${p.fraction}`, {
    ...nanos,
    unitOfSearch: SECOND,
  }),
  UnixSeconds: counted(0, NINE_DIGITS),
  UnixMs: counted(3, NINE_DIGITS),
  UnixNano: counted(9, TEN_DIGITS),
  LDAP: {
    write: ({ seconds, nanoseconds }) =>
      `${BigInt(seconds + 11_644_473_600) * 10_000_000n + BigInt(Math.floor(nanoseconds / 100))}`,
    unit: 100,
    range: ['1950-01-01T00:00:00Z', '4000-01-01T00:00:00Z'],
    isFront: true,
  },
  UK: writing((p) => `${p.day}/${p.month}/${p.year} ${p.clock},${p.fraction.slice(0, 5)}`, {
    unit: 10_000,
  }),
  Bind: writing((p) => `${p.day}-${p.name}-${p.year} ${p.clock}.${p.fraction.slice(0, 3)}`, {
    unit: 1_000_000,
  }),
  Gravwell: writing((p) => `${p.m}-${p.d}-${p.year} ${p.clock}.${p.fraction.slice(0, 5)}`, {
    unit: 10_000,
  }),
  DirectAdmin: writing((p) => `${p.year}:${p.month}:${p.day}-${p.clock}`),
  GravwellTimePicker: writing((p) => `${p.month}/${p.day}/${p.year} ${p.half}`),
};

/** Moments that can be written in a way, with nothing below its unit. */
export function momentsOf({ unit, saysOffset = false, range }: Writing): fc.Arbitrary<Moment> {
  const [from, to] = range ?? ['1900-01-02T00:00:00Z', '9999-12-30T00:00:00Z'];
  const seconds = Math.max(1, unit / SECOND);
  const steps = (time: string) => Math.floor(Date.parse(time) / 1000 / seconds);
  return fc.record({
    seconds: fc.integer({ min: steps(from), max: steps(to) }).map((step) => step * seconds),
    nanoseconds: fc
      .integer({ min: 0, max: 999_999_999 })
      .map((value) => (unit >= SECOND ? 0 : value - (value % unit))),
    offset: saysOffset ? fc.integer({ min: -14 * 60, max: 14 * 60 }) : fc.constant(0),
  });
}
