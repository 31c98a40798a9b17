import { type CustomFormat, InvalidTimeFormatError, TimeExtractor } from '@ringest/timestamps';
import { describe, expect, it } from 'vitest';
import { timeIn, utf8 } from './times.js';

const clock = () => Date.parse('2026-11-28T12:00:00Z');

function withFormat(format: string, rest: Partial<CustomFormat> = {}): TimeExtractor {
  return new TimeExtractor({ clock, customFormats: [{ name: 'mine', format, ...rest }] });
}

describe('the formats of Gravwell’s documentation', () => {
  const underscores = {
    name: 'foo',
    format: '2006_01_02_15_04_05',
    regex: '\\d{4}_\\d{1,2}_\\d{1,2}_\\d{1,2}_\\d{1,2}_\\d{1,2}',
  };
  const carets = { name: 'foo2', format: '15^04^05', regex: '\\d{1,2}\\^\\d{1,2}\\^\\d{1,2}' };

  it('find their times', () => {
    const extractor = new TimeExtractor({ clock, customFormats: [underscores, carets] });
    expect(timeIn(extractor, '2021_02_05_09_00_00 and my id is 1')).toBe('2021-02-05T09:00:00Z');
    expect(extractor.format).toBe('foo');
    expect(timeIn(extractor, 'at 09^00^00 my id is 1')).toBe('2026-11-28T09:00:00Z');
    expect([extractor.format, extractor.start, extractor.end]).toEqual(['foo2', 3, 11]);
  });

  it('find the time that the extraction names', () => {
    const extractionRegex = '"end_time":\\s*"(?P<ts>[^"]+)"';
    const customFormats = [{ ...underscores, extractionRegex }];
    const extractor = new TimeExtractor({ clock, customFormats, format: 'FOO' });
    const line = '{ "start_time": "2023_11_28_09_00_00", "end_time": "2023_11_28_09_32_01" }';
    expect(timeIn(extractor, line)).toBe('2023-11-28T09:32:01Z');
    expect(line.slice(extractor.start, extractor.end)).toBe('2023_11_28_09_32_01');
    expect(timeIn(extractor, line.replace('end', 'last'))).toBe('none');
  });

  it('read zones', () => {
    const regex = '\\d{4}_\\d{1,2}_\\d{1,2}_\\d{1,2}_\\d{1,2}_\\d{1,2}_\\S+';
    const extractor = withFormat('2006_01_02_15_04_05_MST', { regex });
    expect(timeIn(extractor, '2021_02_05_09_00_00_MST x')).toBe('2021-02-05T16:00:00Z');
  });
});

describe('a layout', () => {
  it.each([
    ['20060102150405', 'id 20261122123456.', '2026-11-22T12:34:56Z'],
    ['Monday, January 2 2006 3:04PM', 'Sunday, November 22 2026 12:34AM', '2026-11-22T00:34:00Z'],
    ['Mon Jan 2 15:04', 'Sun Nov 22 9:34', '2026-11-22T09:34:00Z'],
    ['02.01.2006 15:04:05.000', '22.11.2026 12:34:56.789', '2026-11-22T12:34:56.789Z'],
    ['2006-002 15:04:05', '2026-326 12:34:56', '2026-11-22T12:34:56Z'],
    ['06/__2 15h', '26/  9 7h', 'none'],
    ['06/__2 15h', '26/9 7h', '2026-01-09T07:00:00Z'],
    ['2006-01-02 15:04:05 Z07:00', '2026-11-22 12:34:56 +05:30', '2026-11-22T07:04:56Z'],
    ['2006-01-02 15:04:05 Z0700', '2026-11-22 12:34:56 Z', '2026-11-22T12:34:56Z'],
    ['2006-01-02 15:04:05-07', '2026-11-22 12:34:56-03', '2026-11-22T15:34:56Z'],
    ['@15:04:05 on 1/2/06', 'ran @12:34:56 on 11/22/68', '2068-11-22T12:34:56Z'],
    ['@15:04:05 on 1/2/06', 'ran @12:34:56 on 11/22/69', '1969-11-22T12:34:56Z'],
    ['15:04:05_2006-01-02', '12:34:56_2026-11-22', '2026-11-22T12:34:56Z'],
    ['3pm on Jan 2', '11am on Nov 22', '2026-11-22T11:00:00Z'],
    ['_2006_Jan_02_15', 'x_2026_Nov_22_12', '2026-11-22T12:00:00Z'],
    ['Month 1/2/2006 15:04', 'Month 11/22/2026 12:34', '2026-11-22T12:34:00Z'],
  ])('%s reads %s as %s', (format, line, time) => {
    const customFormats = [{ name: 'mine', format }];
    expect(timeIn(new TimeExtractor({ clock, customFormats, format: 'mine' }), line)).toBe(time);
  });

  it('comes last', () => {
    const extractor = withFormat('02.01.2006 15:04');
    expect(timeIn(extractor, '22.11.2026 12:34 2026-11-22T03:00:00Z')).toBe('2026-11-22T03:00:00Z');
  });

  it('counts from where it begins, when the left-most time is asked for', () => {
    const customFormats = [{ name: 'mine', format: '02.01.2006 15:04' }];
    const extractor = new TimeExtractor({ clock, customFormats, leftMost: true });
    expect(timeIn(extractor, '22.11.2026 12:34 2026-11-22T03:00:00Z')).toBe('2026-11-22T12:34:00Z');
    expect(timeIn(extractor, '2026-11-22T03:00:00Z 22.11.2026 12:34')).toBe('2026-11-22T03:00:00Z');
  });

  it('stays in use while it matches', () => {
    const extractor = withFormat('02.01.2006 15:04');
    expect(timeIn(extractor, '22.11.2026 12:34')).toBe('2026-11-22T12:34:00Z');
    expect(timeIn(extractor, '2026-11-22T03:00:00Z 22.11.2026 12:34')).toBe('2026-11-22T12:34:00Z');
  });
});

describe('an expression', () => {
  it('has to match exactly the text of the time', () => {
    const extractor = withFormat('2006.01.02 15', { regex: '\\d+\\.\\d+\\.\\d+ \\d+\\b' });
    expect(timeIn(extractor, '2026.11.22 12 x')).toBe('2026-11-22T12:00:00Z');
    expect(timeIn(extractor, '12026.11.22 12 x')).toBe('none');
    expect(timeIn(extractor, '1.2.3 4 and 2026.11.22 12')).toBe('2026-11-22T12:00:00Z');
    const longer = withFormat('15^04', { regex: '\\d\\d\\^\\d\\d\\w*' });
    expect(timeIn(longer, '12^34')).toBe('2026-11-28T12:34:00Z');
    expect(timeIn(longer, '12^34x')).toBe('none');
  });

  it('sees no bytes behind the ones that were given', () => {
    const extractor = withFormat('15^04', { regex: '\\d\\d\\^\\d\\d' });
    const line = utf8('text 12^34').subarray(0, 5);
    expect(extractor.extract(line)).toBe(false);
    expect(extractor.extract(line, 0, 10)).toBe(false);
    expect(extractor.extract(line, 0, 1_000_000)).toBe(false);
  });

  it('may match a fraction that the layout does not name', () => {
    const regex = '\\d+\\.\\d+\\.\\d+ [\\d:.]+';
    const extractor = withFormat('2006.01.02 15:04:05', { regex });
    expect(timeIn(extractor, '2026.11.22 12:34:56.25')).toBe('2026-11-22T12:34:56.25Z');
    expect(timeIn(extractor, '2026.11.22 12:34:56')).toBe('2026-11-22T12:34:56Z');
  });

  it('sees bytes that are no text as one character each', () => {
    const extractor = withFormat('2006.01.02 15', { regex: '\\d{4}\\.\\d\\d\\.\\d\\d \\d\\d' });
    expect(timeIn(extractor, '日本語 2026.11.22 12')).toBe('2026-11-22T12:00:00Z');
    expect(extractor.start).toBe(10);
  });

  it('is understood as Go writes it', () => {
    const extractor = withFormat('2006.01.02 15', {
      regex: '(?i)\\A\\d{4}\\.\\d\\d\\.\\d\\d \\d\\d\\z',
    });
    expect(timeIn(extractor, '2026.11.22 12')).toBe('2026-11-22T12:00:00Z');
    expect(timeIn(extractor, ' 2026.11.22 12')).toBe('none');
  });

  it('decides with others which time is the left-most', () => {
    const customFormats = [
      { name: 'mine', format: '2006.01.02 15', regex: '\\d{4}\\.\\d\\d\\.\\d\\d \\d\\d' },
    ];
    const extractor = new TimeExtractor({ clock, customFormats, leftMost: true });
    const [one, other] = ['2026.11.22 12', '2026-11-22T03:00:00Z'];
    expect(timeIn(extractor, `${one} ${other}`)).toBe('2026-11-22T12:00:00Z');
    expect(timeIn(extractor, `${other} ${one}`)).toBe('2026-11-22T03:00:00Z');
    expect(extractor.format).toBe('RFC3339');
  });

  it('is read again where another one was tried after it', () => {
    const customFormats = [
      { name: 'first', format: '15^04', extractionRegex: 'begin=(?<t>\\S+)' },
      { name: 'second', format: '15^04', extractionRegex: 'end=(?<t>\\S+)' },
    ];
    const extractor = new TimeExtractor({ clock, customFormats, leftMost: true });
    expect(timeIn(extractor, 'begin=08^30 end=09^45')).toBe('2026-11-28T08:30:00Z');
    expect(extractor.format).toBe('first');
    expect(extractor.end).toBe('begin=08^30'.length);
    expect(timeIn(extractor, 'end=09^45 begin=08^30')).toBe('2026-11-28T09:45:00Z');
  });

  it('of an extraction needs no other one', () => {
    const extractor = withFormat('15:04', { extractionRegex: 'until (?<time>.*)' });
    expect(timeIn(extractor, 'from 08:00 until 09:30')).toBe('2026-11-28T09:30:00Z');
    expect(extractor.start).toBe('from 08:00 until '.length);
  });
});

describe('what is refused', () => {
  const refused: readonly (readonly [CustomFormat, string])[] = [
    [{ name: ' ', format: '15:04' }, 'needs a name'],
    [{ name: 'syslog', format: '15:04' }, 'another format has its name'],
    [{ name: 'bro', format: '15:04' }, 'another format has its name'],
    [{ name: 'x', format: '' }, 'no hour'],
    [{ name: 'x', format: '2006-01-02' }, 'no hour'],
    [{ name: 'x', format: '02 15:04' }, 'not both'],
    [{ name: 'x', format: 'Jan 15:04' }, 'not both'],
    [{ name: 'x', format: '2006 15:04' }, 'no day'],
    [{ name: 'x', format: '002 15:04' }, 'no year'],
    [{ name: 'x', format: '2006 002 02 15:04' }, 'besides'],
    [{ name: 'x', format: '15:04 Z07:00:00' }, 'offsets with seconds'],
    [{ name: 'x', format: '15時04' }, 'not ASCII'],
    [{ name: 'x', format: '15:04', regex: '(' }, 'no regular expression'],
    [{ name: 'x', format: '15:04', extractionRegex: '[' }, 'no regular expression'],
    [{ name: 'x', format: '15:04', extractionRegex: '\\d+' }, '0 named groups'],
    [{ name: 'x', format: '15:04', extractionRegex: '(?P<a>1)(?P<b>2)' }, '2 named groups'],
  ];

  it.each(refused)('%j: %s', (custom, message) => {
    const make = () => new TimeExtractor({ customFormats: [custom] });
    expect(make).toThrow(InvalidTimeFormatError);
    expect(make).toThrow(message);
  });

  it('two formats of one name', () => {
    const [one, other] = ['mine', 'MINE'].map((name) => ({ name, format: '15:04' }));
    const customFormats = [one, other].filter((custom) => custom !== undefined);
    expect(() => new TimeExtractor({ customFormats })).toThrow(InvalidTimeFormatError);
  });
});
