import { InvalidTimeZoneError, TimeExtractor } from '@ringest/timestamps';
import { daysFromCivil, parseOffset, TimeZone } from '@ringest/timestamps/internal';
import fc from 'fast-check';
import { describe, expect, it, onTestFinished } from 'vitest';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../support/vectors.js';
import { timeIn } from './times.js';

/** What a clock in a zone shows, by `Intl`, as in `2026-11-22 12:34:56`. */
function wallClock(timeZone: string): (seconds: number) => string {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  });
  return (seconds) => {
    const parts = new Map(
      format.formatToParts(seconds * 1000).map(({ type, value }) => [type, value]),
    );
    const [year = ''] = [parts.get('year')];
    const date = `${year.padStart(4, '0')}-${parts.get('month')}-${parts.get('day')}`;
    return `${date} ${parts.get('hour')}:${parts.get('minute')}:${parts.get('second')}`;
  };
}

const zones = [
  'Europe/London',
  'America/New_York',
  'America/St_Johns',
  'Asia/Kolkata',
  'Asia/Kathmandu',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Apia',
  'Africa/Casablanca',
  'America/Sao_Paulo',
  'Antarctica/Troll',
  'US/Pacific',
];

describe.each(zones)('%s', (zone) => {
  const shown = wallClock(zone);
  const extractor = new TimeExtractor({ zone });

  it('has the times that Intl shows', { timeout: FUZZ_TIMEOUT_MS }, () => {
    const moments = fc.oneof(
      fc.integer({ min: Date.UTC(1900, 0, 2) / 1000, max: Date.UTC(2150, 0, 1) / 1000 }),
      fc.integer({ min: Date.UTC(2000, 0, 1) / 1000, max: Date.UTC(2040, 0, 1) / 1000 }),
      fc.integer({ min: Date.UTC(2390, 0, 1) / 1000, max: Date.UTC(9999, 0, 1) / 1000 }),
    );
    fc.assert(
      fc.property(moments, (seconds) => {
        const text = shown(seconds);
        expect(timeIn(extractor, text), text).not.toBe('none');
        // The same, or the first of two moments at which the clock shows this.
        expect(shown(extractor.seconds), text).toBe(text);
        expect(extractor.seconds).toBeLessThanOrEqual(seconds);
      }),
      fuzzRuns(200),
    );
  });

  it('is right in every hour of the changes of 2026 and 2027', () => {
    const from = Date.UTC(2026, 0, 1) / 1000;
    const changes = [];
    for (let at = from; at < from + 2 * 365 * 86_400; at += 3600) {
      if (offsetOf(shown, at) !== offsetOf(shown, at + 3600)) changes.push(at);
    }
    for (const change of changes) {
      for (let at = change - 8 * 3600; at < change + 8 * 3600; at += 600) {
        const text = shown(at);
        expect(timeIn(extractor, text)).not.toBe('none');
        expect(shown(extractor.seconds)).toBe(text);
        const isRepeated = at - extractor.seconds;
        expect([0, 1800, 3600, 7200]).toContain(isRepeated);
      }
    }
  });
});

/** How far a clock is ahead of UTC. */
function offsetOf(shown: (seconds: number) => string, seconds: number): number {
  return Date.parse(`${shown(seconds).replace(' ', 'T')}Z`) / 1000 - seconds;
}

describe('around a change of the clock', () => {
  it.each([
    // Skipped: as if the clock had not been put forward.
    ['America/New_York', '2026-03-08 01:59:59', '2026-03-08T06:59:59Z'],
    ['America/New_York', '2026-03-08 02:00:00', '2026-03-08T07:00:00Z'],
    ['America/New_York', '2026-03-08 02:30:00', '2026-03-08T07:30:00Z'],
    ['America/New_York', '2026-03-08 03:00:00', '2026-03-08T07:00:00Z'],
    // Shown twice: the first.
    ['America/New_York', '2026-11-01 00:59:59', '2026-11-01T04:59:59Z'],
    ['America/New_York', '2026-11-01 01:00:00', '2026-11-01T05:00:00Z'],
    ['America/New_York', '2026-11-01 01:59:59', '2026-11-01T05:59:59Z'],
    ['America/New_York', '2026-11-01 02:00:00', '2026-11-01T07:00:00Z'],
    // Half an hour.
    ['Australia/Lord_Howe', '2026-10-04 02:15:00', '2026-10-03T15:45:00Z'],
    ['Australia/Lord_Howe', '2026-04-05 01:45:00', '2026-04-04T14:45:00Z'],
    // A whole day was skipped.
    ['Pacific/Apia', '2011-12-29 23:59:59', '2011-12-30T09:59:59Z'],
    ['Pacific/Apia', '2011-12-30 12:00:00', '2011-12-30T22:00:00Z'],
    ['Pacific/Apia', '2011-12-31 00:00:00', '2011-12-30T10:00:00Z'],
    // The year turns at a change.
    ['Asia/Kathmandu', '1985-12-31 23:59:59', '1985-12-31T18:29:59Z'],
    ['Asia/Kathmandu', '1986-01-01 00:15:00', '1985-12-31T18:30:00Z'],
    // Years so far ahead that they are those of another cycle of the calendar.
    ['Pacific/Apia', '3600-01-01 00:00:00', '3599-12-31T11:00:00Z'],
    ['America/New_York', '5201-10-28 02:00:00', '5201-10-28T06:00:00Z'],
    ['America/New_York', '5201-11-04 03:00:00', '5201-11-04T08:00:00Z'],
    ['America/Sao_Paulo', '8010-10-17 01:00:00', '8010-10-17T04:00:00Z'],
    ['Australia/Lord_Howe', '5200-08-27 02:30:00', '5200-08-26T16:00:00Z'],
    // The mean time of a place, to the second.
    ['America/New_York', '1700-01-01 00:00:00', '1700-01-01T04:56:02Z'],
  ])('%s: %s is %s', (zone, text, time) => {
    expect(timeIn(new TimeExtractor({ zone }), text)).toBe(time);
  });

  it('gives the same answers in any order', { timeout: FUZZ_TIMEOUT_MS }, () => {
    const used = new TimeZone('Africa/Casablanca');
    const seconds = fc.integer({ min: -70e8, max: 2e11 });
    fc.assert(
      fc.property(seconds, (local) => {
        expect(used.offsetAt(local)).toBe(new TimeZone('Africa/Casablanca').offsetAt(local));
      }),
      fuzzRuns(50),
    );
  });
});

describe('what Intl is asked for', () => {
  /** A look each week of the year and around it, and the search of some changes to the second. */
  const MOST_LOOKS_AT_A_YEAR = 60 + 4 * 20;

  /** Counts from now on how often a formatter is used. */
  function countLooks(): { count: number } {
    const looks = { count: 0 };
    const { prototype } = Intl.DateTimeFormat;
    const own = Object.getOwnPropertyDescriptor(prototype, 'format') ?? {};
    Object.defineProperty(prototype, 'format', {
      ...own,
      get(this: Intl.DateTimeFormat) {
        looks.count++;
        return own.get?.call(this);
      },
    });
    onTestFinished(() => {
      Object.defineProperty(prototype, 'format', own);
    });
    return looks;
  }

  it('is each year once, and 660 years at most', () => {
    const looks = countLooks();
    const zone = new TimeZone('Africa/Casablanca');
    const askAll = () => {
      for (let year = 0; year <= 9999; year++) zone.offsetAt(daysFromCivil(year, 7, 1) * 86_400);
    };
    askAll();
    const { count } = looks;
    expect(count).toBeGreaterThan(0);
    expect(count).toBeLessThanOrEqual(660 * MOST_LOOKS_AT_A_YEAR);
    askAll();
    expect(looks.count).toBe(count);
  });
});

describe('a zone without a name', () => {
  it.each([
    ['+05:30', 19_800],
    ['-0700', -25_200],
    ['+1', 3600],
    ['UTC', 0],
    ['utc', 0],
    ['Z', 0],
    ['GMT+2', 7200],
    ['UTC-00:44', -2640],
  ])('%s is an offset', (text, seconds) => {
    expect(parseOffset(text)).toBe(seconds);
    expect(new TimeZone(text).offsetAt(0)).toBe(seconds);
  });

  it.each(['', 'Europe', 'Mars/Olympus', '+24:00', '+05:60', '5', '+', 'UTC+'])(
    '%j is refused',
    (zone) => {
      expect(() => new TimeExtractor({ zone })).toThrow(InvalidTimeZoneError);
    },
  );

  it('local is the zone of the process', () => {
    const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
    expect(new TimeZone('local').name).toBe(timeZone);
    expect(new TimeZone('Local').offsetAt(0)).toBe(new TimeZone(timeZone).offsetAt(0));
  });
});

describe('an abbreviation', () => {
  const at = (abbreviation: string) => `Jul 22 12:00:00 ${abbreviation} 2026`;

  it.each([
    ['GMT', 12],
    ['EST', 17],
    ['PDT', 19],
    ['CET', 11],
    ['CEST', 10],
    ['AEST', 2],
    ['JST', 3],
    ['+11', 1],
    ['-03', 15],
  ])('%s has the meaning of the standard, or of the one region that uses it', (name, hour) => {
    const extractor = new TimeExtractor();
    expect(timeIn(extractor, at(name))).toBe(`2026-07-22T${`${hour}`.padStart(2, '0')}:00:00Z`);
    expect(extractor.zoneIsKnown).toBe(true);
    expect(extractor.format).toBe('Unix');
  });

  it('that nobody knows counts as UTC, and is reported', () => {
    const extractor = new TimeExtractor();
    for (const name of ['XYZ', 'IST']) {
      expect(timeIn(extractor, at(name))).toBe('2026-07-22T12:00:00Z');
      expect(extractor.zoneIsKnown).toBe(false);
    }
    expect(timeIn(extractor, 'Jul 22 12:00:00 2026')).toBe('2026-07-22T12:00:00Z');
    expect(extractor.zoneIsKnown).toBe(true);
  });

  it('means what it means in the assumed zone', () => {
    expect(timeIn(new TimeExtractor({ zone: 'Asia/Kolkata' }), at('IST'))).toBe(
      '2026-07-22T06:30:00Z',
    );
    expect(timeIn(new TimeExtractor({ zone: 'Europe/Dublin' }), at('IST'))).toBe(
      '2026-07-22T11:00:00Z',
    );
  });

  it('means before all what was given', () => {
    const zoneNames = { IST: '+02:00', EST: '+10:00', XYZT: '-1' };
    const extractor = new TimeExtractor({ zone: 'Asia/Kolkata', zoneNames });
    expect(timeIn(extractor, at('IST'))).toBe('2026-07-22T10:00:00Z');
    expect(timeIn(extractor, at('EST'))).toBe('2026-07-22T02:00:00Z');
    expect(timeIn(extractor, at('XYZT'))).toBe('2026-07-22T13:00:00Z');
  });

  it.each([{ ist: '+01:00' }, { TOOLONG: '+01:00' }, { IST: 'Asia/Kolkata' }, { '': 'Z' }])(
    '%j is refused',
    (zoneNames) => {
      expect(() => new TimeExtractor({ zoneNames })).toThrow(InvalidTimeZoneError);
    },
  );

  it('is no word of a message', () => {
    const extractor = new TimeExtractor({ clock: () => Date.UTC(2026, 7, 1) });
    for (const word of ['ERROR', 'INFO', 'Estonia', 'WARNING', 'Utc']) {
      expect(timeIn(extractor, `22 Jul 26 12:00 ${word} 2026`)).toBe('none');
    }
  });
});
