import { TimeExtractor, type TimeOptions } from '@ringest/timestamps';
import { describe, expect, it } from 'vitest';
import { timeIn } from './times.js';

/** An extractor that is asked at some time. */
function at(now: string, options: TimeOptions = {}): TimeExtractor {
  return new TimeExtractor({ clock: () => Date.parse(now), ...options });
}

describe('a time without a year', () => {
  it.each([
    // The clock, the text, the time.
    ['2027-01-01T00:00:10Z', 'Dec 31 23:59:59', '2026-12-31T23:59:59Z'],
    ['2027-01-01T00:00:10Z', 'Jan  1 00:00:09', '2027-01-01T00:00:09Z'],
    ['2026-12-31T23:59:50Z', 'Jan  1 00:00:02', '2027-01-01T00:00:02Z'],
    ['2026-12-31T00:00:03Z', 'Jan  1 00:00:03', '2027-01-01T00:00:03Z'],
    ['2026-12-31T00:00:03Z', 'Jan  1 00:00:04', '2026-01-01T00:00:04Z'],
    ['2026-12-31T23:59:50Z', 'Dec 31 23:59:51', '2026-12-31T23:59:51Z'],
    ['2026-06-15T12:00:00Z', 'Jun 16 12:00:00', '2026-06-16T12:00:00Z'],
    ['2026-06-15T12:00:00Z', 'Jun 16 12:00:01', '2025-06-16T12:00:01Z'],
    ['2026-06-15T12:00:00Z', 'Jun 15 12:00:00', '2026-06-15T12:00:00Z'],
    // Leap days.
    ['2028-02-29T12:00:00Z', 'Feb 29 11:00:00', '2028-02-29T11:00:00Z'],
    ['2028-02-28T12:00:00Z', 'Feb 29 11:00:00', '2028-02-29T11:00:00Z'],
    ['2028-02-27T12:00:00Z', 'Feb 29 13:00:00', '2024-02-29T13:00:00Z'],
    ['2027-06-01T00:00:00Z', 'Feb 29 11:00:00', '2024-02-29T11:00:00Z'],
    ['2103-06-01T00:00:00Z', 'Feb 29 11:00:00', '2096-02-29T11:00:00Z'],
    ['2027-06-01T00:00:00Z', 'Feb 30 11:00:00', 'none'],
    // Before 1970.
    ['1965-03-01T00:00:00Z', 'Apr  1 00:00:00', '1964-04-01T00:00:00Z'],
  ])('at %s: %s is %s', (now, text, time) => {
    expect(timeIn(at(now), `<34>${text} host app: text`)).toBe(time);
  });

  it.each([
    // In Kiritimati, New Year is 14 hours earlier; in Honolulu, 10 hours later.
    ['2026-12-31T10:00:05Z', 'Pacific/Kiritimati', 'Jan  1 00:00:04', '2026-12-31T10:00:04Z'],
    ['2026-12-31T10:00:05Z', 'Pacific/Kiritimati', 'Dec 31 23:59:59', '2026-12-31T09:59:59Z'],
    ['2027-01-01T09:59:59Z', 'Pacific/Honolulu', 'Dec 31 23:59:58', '2027-01-01T09:59:58Z'],
    ['2027-01-01T10:00:05Z', 'Pacific/Honolulu', 'Jan  1 00:00:04', '2027-01-01T10:00:04Z'],
    ['2027-01-01T10:00:05Z', '-10:00', 'Dec 31 23:59:59', '2027-01-01T09:59:59Z'],
  ])('at %s in %s: %s is %s', (now, zone, text, time) => {
    expect(timeIn(at(now, { zone }), text)).toBe(time);
  });

  it('follows the clock', () => {
    let now = Date.parse('2026-12-30T12:00:00Z');
    const extractor = new TimeExtractor({ clock: () => now });
    expect(timeIn(extractor, 'Jan  1 00:00:00')).toBe('2026-01-01T00:00:00Z');
    now += 86_400_000;
    expect(timeIn(extractor, 'Jan  1 00:00:00')).toBe('2027-01-01T00:00:00Z');
    now -= 2 * 86_400_000;
    expect(timeIn(extractor, 'Jan  1 00:00:00')).toBe('2026-01-01T00:00:00Z');
  });

  it('asks the clock only when the text has no year', () => {
    let asked = 0;
    const clock = () => {
      asked++;
      return 0;
    };
    const extractor = new TimeExtractor({ clock });
    timeIn(extractor, '2026-11-22 12:34:56');
    timeIn(extractor, 'no time');
    expect(asked).toBe(0);
    timeIn(extractor, 'Nov 22 12:34:56');
    expect(asked).toBe(1);
  });
});

describe('a time without a date', () => {
  const customFormats = [{ name: 'clock', format: '15:04:05' }];

  it.each([
    ['2026-11-22T12:00:00Z', '11:59:59', '2026-11-22T11:59:59Z'],
    ['2026-11-22T12:00:00Z', '13:00:00', '2026-11-22T13:00:00Z'],
    ['2026-11-22T12:00:00Z', '13:00:01', '2026-11-21T13:00:01Z'],
    ['2026-11-22T00:00:05Z', '23:59:59', '2026-11-21T23:59:59Z'],
    ['2026-11-22T23:59:58Z', '00:00:02', '2026-11-23T00:00:02Z'],
    ['2026-11-22T23:59:58Z', '01:00:02', '2026-11-22T01:00:02Z'],
  ])('at %s: %s is %s', (now, text, time) => {
    expect(timeIn(at(now, { customFormats }), text)).toBe(time);
  });

  it('is of the day that the assumed zone has', () => {
    const tokyo = at('2026-11-22T16:00:00Z', { customFormats, zone: 'Asia/Tokyo' });
    expect(timeIn(tokyo, '00:59:59')).toBe('2026-11-22T15:59:59Z');
    const denver = at('2026-11-22T01:00:00Z', { customFormats, zone: 'America/Denver' });
    expect(timeIn(denver, '17:59:59')).toBe('2026-11-22T00:59:59Z');
  });
});

describe('the window', () => {
  const now = '2026-11-22T12:00:00Z';

  it('takes what is in it, to the millisecond', () => {
    const extractor = at(now, { window: { past: 60_000, future: 1000 } });
    expect(timeIn(extractor, '2026-11-22T11:59:00Z')).toBe('2026-11-22T11:59:00Z');
    expect(timeIn(extractor, '2026-11-22T12:00:01Z')).toBe('2026-11-22T12:00:01Z');
    expect(extractor.isOutsideWindow).toBe(false);
    expect(timeIn(extractor, '2026-11-22T11:58:59.999Z')).toBe('none');
    expect(extractor.isOutsideWindow).toBe(true);
    expect(timeIn(extractor, 'no time')).toBe('none');
    expect(extractor.isOutsideWindow).toBe(false);
    expect(timeIn(extractor, '2026-11-22T12:00:01.001Z')).toBe('none');
    expect(extractor.isOutsideWindow).toBe(true);
    expect(timeIn(extractor, '2026-11-22T12:00:00Z')).toBe('2026-11-22T12:00:00Z');
    expect(extractor.isOutsideWindow).toBe(false);
  });

  it('may be open at one side', () => {
    const noFuture = at(now, { window: { future: 0 } });
    expect(timeIn(noFuture, '1950-01-01 00:00:00')).toBe('1950-01-01T00:00:00Z');
    expect(timeIn(noFuture, '2026-11-22 12:00:01')).toBe('none');
    const noPast = at(now, { window: { past: 0 } });
    expect(timeIn(noPast, '9999-01-01 00:00:00')).toBe('9999-01-01T00:00:00Z');
    expect(timeIn(noPast, '2026-11-22 11:59:59')).toBe('none');
  });
});
