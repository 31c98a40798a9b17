import { TIME_FORMATS, TimeExtractor } from '@ringest/timestamps';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../support/vectors.js';
import { timeIn, utf8 } from './times.js';
import { ansiC, type Moment, momentsOf, WRITINGS, type Writing } from './written-times.js';

/** What may stand around a time without being a part of it. */
const before = fc.constantFrom('', '<34>', '[', '{"time":"', '日本語 ', 'host app[12]: ', '\0\x01');
const blanks = fc.constantFrom('', ' ', ' \t ');
const behind = fc.constantFrom('', ' ', ']', '"}', ' text', '; 10.0.0.1', '\n');

interface Line extends Moment {
  readonly line: string;
  readonly start: number;
  readonly end: number;
}

function linesOf(writing: Writing): fc.Arbitrary<Line> {
  const front = writing.isFront ? blanks : before;
  return fc.tuple(momentsOf(writing), front, behind).map(([moment, head, tail]) => {
    const text = writing.write(moment);
    const start = utf8(head).length;
    return { ...moment, line: head + text + tail, start, end: start + text.length };
  });
}

function expectTime(extractor: TimeExtractor, line: Line, unit: number): void {
  expect(extractor.extract(utf8(line.line)), line.line).toBe(true);
  expect(extractor.seconds, line.line).toBe(line.seconds);
  expect(extractor.nanoseconds).toBe(line.nanoseconds - (line.nanoseconds % unit));
  expect(extractor.start).toBe(line.start);
}

it('every format but Syslog, which has no year, is written here', () => {
  const written = [...Object.keys(WRITINGS), 'Syslog'];
  expect(written.toSorted()).toEqual(TIME_FORMATS.toSorted());
});

describe.each(Object.entries(WRITINGS))('%s', (name, writing) => {
  it('is read rightly when it is set', { timeout: FUZZ_TIMEOUT_MS }, () => {
    const extractor = new TimeExtractor({ format: name });
    fc.assert(
      fc.property(linesOf(writing), (line) => {
        expectTime(extractor, line, 1);
        expect(extractor.format).toBe(name);
        expect(extractor.end).toBe(line.end);
      }),
      fuzzRuns(300),
    );
  });

  it('is read rightly when all formats are looked for', { timeout: FUZZ_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(linesOf(writing), fc.boolean(), (line, leftMost) => {
        const extractor = new TimeExtractor({ leftMost });
        expectTime(extractor, line, writing.unitOfSearch ?? 1);
      }),
      fuzzRuns(100),
    );
  });

  it('is not read from a part of its text', () => {
    const extractor = new TimeExtractor({ format: name });
    fc.assert(
      fc.property(momentsOf(writing), (moment) => {
        const text = writing.write(moment);
        // Fractions and zones may be missing or shorter, so that only the beginning is cut off.
        expect(extractor.extract(utf8(text.slice(0, 9).replace(/^\d{9}$/, '12345678')))).toBe(
          false,
        );
        expect(extractor.extract(utf8(text), 0, 8)).toBe(false);
      }),
      fuzzRuns(50),
    );
  });
});

describe('Syslog', () => {
  it('has the year that makes it a time of the past', { timeout: FUZZ_TIMEOUT_MS }, () => {
    const days = fc.integer({ min: 0, max: 363 });
    fc.assert(
      fc.property(momentsOf(ansiC), days, before, (moment, age, head) => {
        const clock = () => (moment.seconds + age * 86_400) * 1000;
        const extractor = new TimeExtractor({ clock });
        const text = ansiC.write(moment).slice(0, -5);
        expect(extractor.extract(utf8(`${head + text} host app: text`)), text).toBe(true);
        expect(extractor.format).toBe('Syslog');
        expect(extractor.seconds, text).toBe(moment.seconds);
      }),
      fuzzRuns(500),
    );
  });
});

describe('what is no time', () => {
  it.each([
    ['a day that the month does not have', '2026-04-31 10:00:00'],
    ['February 29 of a year without one', '2100-02-29 10:00:00'],
    ['month 0', '2026-00-10 10:00:00'],
    ['day 0', '2026-01-00 10:00:00'],
    ['hour 24', '2026-01-01 24:00:00'],
    ['minute 60', '2026-01-01 10:60:00'],
    ['second 60', '2026-01-01 10:00:60'],
    ['a year of five digits', '12026-01-01 10:00:00'],
    ['seconds of three digits', '2026-01-01 10:00:000'],
    ['a month that is no word', 'Foo  1 10:00:00'],
    ['a month in small letters', 'jan  1 10:00:00'],
    ['a month in small letters behind a day', '01/jan/2026:10:00:00'],
    ['an offset of a day', '2026-01-01T10:00:00+24:00'],
    ['an offset with 60 minutes', '2026-01-01T10:00:00+01:60'],
    ['ten digits of a fraction', '2026-01-01T10:00:00.1234567890Z'],
    ['13 o’clock PM', '01/02/2026 13:00:00 PM'],
    ['0 o’clock AM', '01/02/2026 0:00:00 AM'],
    ['a number behind a word', 'at 1795350896'],
    ['a number of eleven digits', '17953508961'],
  ])('%s: %s', (_, line) => {
    expect(timeIn(new TimeExtractor(), line)).toBe('none');
    expect(timeIn(new TimeExtractor({ leftMost: true }), line)).toBe('none');
  });

  it('a time without an offset, where one follows that is not of the format', () => {
    const zoneless = new TimeExtractor({ format: 'ZonelessRFC3339' });
    expect(timeIn(zoneless, '2026-01-01T10:00:00Z')).toBe('none');
    expect(timeIn(zoneless, '2026-01-01T10:00:00+01')).toBe('none');
    expect(timeIn(zoneless, '2026-01-01T10:00:00 Zulu')).toBe('2026-01-01T10:00:00Z');
    const apache = new TimeExtractor({ format: 'ApacheNoTz' });
    expect(timeIn(apache, '01/Jan/2026:10:00:00 +0100')).toBe('none');
    expect(timeIn(apache, '01/Jan/2026:10:00:00 -')).toBe('2026-01-01T10:00:00Z');
  });
});
