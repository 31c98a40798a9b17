import {
  TIME_FORMATS,
  TimeExtractor,
  TimeOptionError,
  TimeRangeError,
  UnknownTimeFormatError,
} from '@ringest/timestamps';
import { describe, expect, it } from 'vitest';
import { answerOf, timeIn, utf8 } from './times.js';

const clock = () => Date.parse('2026-11-28T12:00:00Z');

describe('a line with several times', () => {
  const line = '[22/Nov/2026:01:00:00 +0000] Nov 22 2026 02:00:00 and 2026-11-22T03:00:00Z';

  it('has that of the format that comes first', () => {
    const extractor = new TimeExtractor({ clock });
    expect(timeIn(extractor, line)).toBe('2026-11-22T03:00:00Z');
    expect(extractor.format).toBe('RFC3339');
  });

  it('has its left-most one, if that is asked for', () => {
    const extractor = new TimeExtractor({ clock, leftMost: true });
    expect(timeIn(extractor, line)).toBe('2026-11-22T01:00:00Z');
    expect(extractor.format).toBe('Apache');
    expect(timeIn(extractor, `2026/11/22 00:00:00 ${line}`)).toBe('2026-11-22T00:00:00Z');
  });

  it('has the left-most of the format that is set', () => {
    const extractor = new TimeExtractor({ clock, format: 'SyslogVariant' });
    expect(timeIn(extractor, `${line} Nov 22 2026 04:00:00`)).toBe('2026-11-22T02:00:00Z');
    expect(extractor.start).toBe(line.indexOf('Nov 22 2026'));
  });

  it('has a number in front of it only if no other format comes before', () => {
    const extractor = new TimeExtractor({ clock });
    expect(timeIn(extractor, '1795350896 2026-11-22 01:00:00')).toBe('2026-11-22T01:00:00Z');
    const other = new TimeExtractor({ clock });
    expect(timeIn(other, '1795350896 2026:11:22-01:00:00')).toBe('2026-11-22T12:34:56Z');
  });
});

describe('a format', () => {
  it('stays in use while it matches', () => {
    const extractor = new TimeExtractor({ clock });
    expect(timeIn(extractor, '2026/11/22 01:00:00 nginx')).toBe('2026-11-22T01:00:00Z');
    // Alone, this line would have the time of RFC 3339.
    const both = '2026-11-22T03:00:00Z at 2026/11/22 02:00:00';
    expect(timeIn(extractor, both)).toBe('2026-11-22T02:00:00Z');
    expect(timeIn(extractor, 'nothing here')).toBe('none');
    expect(timeIn(extractor, both)).toBe('2026-11-22T02:00:00Z');
    expect(timeIn(extractor, 'only 2026-11-22T04:00:00Z')).toBe('2026-11-22T04:00:00Z');
    expect(timeIn(extractor, both)).toBe('2026-11-22T03:00:00Z');
  });

  it('does not stay in use where the left-most time is asked for', () => {
    const extractor = new TimeExtractor({ clock, leftMost: true });
    expect(timeIn(extractor, '2026/11/22 01:00:00 nginx')).toBe('2026-11-22T01:00:00Z');
    const both = '2026-11-22T03:00:00Z at 2026/11/22 02:00:00';
    expect(timeIn(extractor, both)).toBe('2026-11-22T03:00:00Z');
  });

  it.each(['syslog', 'SYSLOG', 'Syslog'])('is set by its name in any case: %s', (format) => {
    const extractor = new TimeExtractor({ clock, format });
    expect(timeIn(extractor, '2026-11-22T03:00:00Z Nov 22 12:34:56')).toBe('2026-11-22T12:34:56Z');
    expect(extractor.format).toBe('Syslog');
    expect(timeIn(extractor, '2026-11-22T03:00:00Z')).toBe('none');
  });

  it.each([
    ['Zeek', 'UnixMilli', '1795350896.5\thost'],
    ['bro', 'UnixMilli', '1795350896.5\thost'],
    ['Custom1Milli', 'Gravwell', '11-22-2026 12:34:56.5 text'],
  ])('has other names: %s is %s', (format, name, line) => {
    const extractor = new TimeExtractor({ clock, format });
    expect(timeIn(extractor, line)).toBe('2026-11-22T12:34:56.5Z');
    expect(extractor.format).toBe(name);
  });

  it('that there is not is refused, with those that there are', () => {
    const make = () => new TimeExtractor({ format: 'Klingon' });
    expect(make).toThrow(UnknownTimeFormatError);
    expect(make).toThrow(TimeOptionError);
    for (const name of TIME_FORMATS) expect(make).toThrow(name);
  });
});

describe('what is found', () => {
  it('stands in the fields, which stay when a line has no time', () => {
    const extractor = new TimeExtractor({ clock });
    const line = utf8('<34>2026-11-22T12:34:56.000000001Z x');
    expect(extractor.extract(line)).toBe(true);
    const answer = {
      ok: true,
      seconds: 1_795_350_896,
      nanoseconds: 1,
      format: 'RFC3339Nano',
      start: 4,
      end: 34,
    };
    expect(answerOf(extractor)).toEqual(answer);
    expect(extractor.extract(utf8('nothing'))).toBe(false);
    expect(answerOf(extractor)).toEqual(answer);
    expect(extractor.extract(utf8('2026-11-22 12:34:56'))).toBe(true);
    expect(extractor.nanoseconds).toBe(0);
  });

  it('is a time before 1970 too', () => {
    const extractor = new TimeExtractor({ clock });
    expect(timeIn(extractor, '1969-12-31T23:59:59.25Z')).toBe('1969-12-31T23:59:59.25Z');
    expect([extractor.seconds, extractor.nanoseconds]).toEqual([-1, 250_000_000]);
    expect(timeIn(extractor, '0000-01-01T00:00:00Z')).toBe('0000-01-01T00:00:00Z');
  });

  it('lies between `from` and `to`, whatever stands around', () => {
    const line = utf8('2025-11-22 12:34:56 2026-11-22 12:34:56');
    const extractor = new TimeExtractor({ clock });
    expect(extractor.extract(line, 19)).toBe(true);
    expect([extractor.start, extractor.end]).toEqual([20, 39]);
    expect(extractor.extract(line, 20, 39)).toBe(true);
    expect(extractor.extract(line, 20, 38)).toBe(false);
    expect(extractor.extract(line, 21)).toBe(false);
    expect(extractor.extract(line, 1, 19)).toBe(false);
    expect(extractor.extract(line, 0, 0)).toBe(false);
    expect(extractor.extract(line, 39)).toBe(false);
    expect(extractor.extract(line, 30, 20)).toBe(false);
    expect(extractor.extract(line, -5, 1000)).toBe(true);
    expect(extractor.start).toBe(0);
  });

  it.each([{}, { leftMost: true }, { format: 'DPKG' }])(
    'begins among so many bytes, if that is asked for: %j',
    (options) => {
      const line = 'ten bytes 2026-11-22 12:34:56';
      expect(timeIn(new TimeExtractor({ ...options, searchBytes: 10 }), line)).not.toBe('none');
      expect(timeIn(new TimeExtractor({ ...options, searchBytes: 9 }), line)).toBe('none');
      expect(timeIn(new TimeExtractor({ ...options, searchBytes: 0 }), line.slice(10))).not.toBe(
        'none',
      );
    },
  );
});

it.each([
  [{ searchBytes: -1 }, 'searchBytes is -1'],
  [{ searchBytes: Number.NaN }, 'searchBytes is NaN'],
  [{ window: { past: -1 } }, 'window.past is -1'],
  [{ window: { future: Number.NaN } }, 'window.future is NaN'],
])('the options %j are refused', (options, message) => {
  expect(() => new TimeExtractor(options)).toThrow(TimeRangeError);
  expect(() => new TimeExtractor(options)).toThrow(message);
});
