import { TIME_FORMATS, TimeExtractor, type TimeOptions } from '@ringest/timestamps';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../support/vectors.js';
import { utf8 } from './times.js';
import { momentsOf, WRITINGS } from './written-times.js';

const clock = () => Date.parse('2026-11-28T12:00:00Z');

const customFormats = [
  { name: 'long', format: '20060102150405' },
  { name: 'anywhere', format: '@15:04 on Monday' },
  { name: 'expression', format: '15^04', regex: '\\d\\d\\^\\d\\d' },
];

/** Ways to look for times. */
const options: readonly TimeOptions[] = [
  {},
  { leftMost: true },
  { zone: 'Europe/London', window: { past: 1e12, future: 1e12 } },
  { customFormats },
  { customFormats, leftMost: true, zone: 'America/New_York' },
  ...TIME_FORMATS.map((format) => ({ format })),
];

/** Bytes of which times are made, in any order, and pieces of times. */
const timeLike = fc
  .array(
    fc.oneof(
      fc.constantFrom(...'0123456789-/:.,+TZ APMn@^ \t'),
      fc.constantFrom(
        'Jan',
        'Dec ',
        ' 12:34',
        ':56',
        '2026',
        '-02-',
        'UTC',
        '+0',
        'Monday',
        '1795350896',
      ),
      fc
        .constantFrom(...Object.values(WRITINGS))
        .chain((writing) => momentsOf(writing).map((moment) => writing.write(moment)))
        .chain((text) => fc.nat(text.length).map((end) => text.slice(0, end))),
    ),
    { maxLength: 60 },
  )
  .map((pieces) => utf8(pieces.join('')));

const anyBytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), timeLike);

/** Bytes that count how often they are read, and that are nothing outside of a range. */
function countingBytes(bytes: Uint8Array, from: number, to: number) {
  const count = { reads: 0 };
  const proxy = new Proxy(bytes, {
    get(target, key) {
      if (typeof key === 'symbol' || !/^-?\d+$/.test(key)) return Reflect.get(target, key, target);
      count.reads++;
      const at = Number(key);
      if (at < from || at >= to) throw new Error(`byte ${at} is not between ${from} and ${to}`);
      return target[at];
    },
  });
  return { proxy, count };
}

describe('any bytes', () => {
  it('are searched without an error, in every way', { timeout: FUZZ_TIMEOUT_MS }, () => {
    const extractors = options.map((one) => new TimeExtractor({ clock, ...one }));
    fc.assert(
      fc.property(anyBytes, fc.nat(20), fc.nat(20), (bytes, head, tail) => {
        const [from, to] = [head, Math.max(bytes.length - tail, 0)];
        for (const extractor of extractors) {
          if (!extractor.extract(bytes, from, to)) continue;
          const { seconds, nanoseconds, start, end } = extractor;
          expect(Number.isSafeInteger(seconds)).toBe(true);
          expect(Number.isInteger(nanoseconds) && nanoseconds >= 0 && nanoseconds < 1e9).toBe(true);
          expect(from <= start && start < end && end <= to).toBe(true);
        }
      }),
      fuzzRuns(300),
    );
  });

  it('have the same time whatever stands outside of the line', { timeout: FUZZ_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(anyBytes, fc.uint8Array({ maxLength: 9 }), (bytes, other) => {
        const [alone, inside] = [new TimeExtractor({ clock }), new TimeExtractor({ clock })];
        const all = Buffer.concat([other, bytes, other]);
        const { length } = other;
        const isFound = alone.extract(bytes);
        expect(inside.extract(all, length, length + bytes.length)).toBe(isFound);
        if (!isFound) return;
        expect([inside.seconds, inside.nanoseconds]).toEqual([alone.seconds, alone.nanoseconds]);
        expect([inside.start - length, inside.end - length]).toEqual([alone.start, alone.end]);
      }),
      fuzzRuns(500),
    );
  });
});

/** How often any byte of a line may be read on average: formats that begin alike read the same bytes. */
const READS_PER_BYTE = 40;

describe('the bytes of a line', () => {
  const layouts = [{}, { leftMost: true }, { customFormats: customFormats.slice(0, 2) }];

  it('are read a bounded number of times, and no others are', { timeout: FUZZ_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(anyBytes, fc.constantFrom(...layouts), fc.nat(5), (bytes, one, head) => {
        const from = Math.min(head, bytes.length);
        const { proxy, count } = countingBytes(bytes, from, bytes.length);
        new TimeExtractor({ clock, ...one }).extract(proxy, from, bytes.length);
        expect(count.reads).toBeLessThanOrEqual(READS_PER_BYTE * (bytes.length - from));
      }),
      fuzzRuns(300),
    );
  });

  it.each([
    ['digits', '1'],
    ['single digits', '1 '],
    ['two digits', '22 '],
    ['four digits', '2026-'],
    ['dates', '2026-11-22 '],
    ['dates of other forms', '22/11/2026 '],
    ['months', 'Jan '],
    ['months and days', 'Jan 12 '],
    ['clocks', '12:34:56 '],
    ['days and months', '12 Jan '],
    ['times that are almost ones', '2026-11-22T12:34:56.1234567890Z '],
    ['syslog times with a wrong day', 'Feb 30 12:34:56 '],
    ['spaces', ' '],
    ['a day and spaces', `12${' '.repeat(50)}`],
    ['a month and spaces', `Jan${' '.repeat(50)}`],
    ['a month, a day and spaces', `Jan${' '.repeat(20)}12${' '.repeat(20)}`],
    ['capital letters', 'J'],
    ['zones', '22 Nov 26 12:34 AAAAAAAAAA'],
    ['an open text', '"'],
  ])('are not read more often when they are many: %s', (_, piece) => {
    for (const one of layouts) {
      const bytes = utf8(piece.repeat(Math.ceil(20_000 / piece.length)));
      const { proxy, count } = countingBytes(bytes, 0, bytes.length);
      new TimeExtractor({ clock, ...one }).extract(proxy);
      expect(count.reads).toBeLessThanOrEqual(READS_PER_BYTE * bytes.length);
    }
  });

  it('are read at most twice when they have neither digits nor months', () => {
    const bytes = utf8('the quick brown fox jumps over the lazy dog; '.repeat(100));
    const { proxy, count } = countingBytes(bytes, 0, bytes.length);
    expect(new TimeExtractor({ clock }).extract(proxy)).toBe(false);
    expect(count.reads).toBeLessThanOrEqual(2 * bytes.length);
  });

  it('are read a few times only when they are numbers that no time begins with', () => {
    const bytes = utf8('12 34/56 7-8 90:12 3456 '.repeat(100));
    const { proxy, count } = countingBytes(bytes, 0, bytes.length);
    expect(new TimeExtractor({ clock }).extract(proxy)).toBe(false);
    expect(count.reads).toBeLessThanOrEqual(5 * bytes.length);
  });

  it('are read only where the search may go', () => {
    const bytes = utf8(`${'x'.repeat(10_000)} 2026-11-22 12:34:56`);
    const { proxy, count } = countingBytes(bytes, 0, bytes.length);
    expect(new TimeExtractor({ clock, searchBytes: 100 }).extract(proxy)).toBe(false);
    expect(count.reads).toBeLessThanOrEqual(202);
  });
});
