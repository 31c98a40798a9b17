import { daysFromCivil, daysInMonth, isLeapYear, yearOf } from '@ringest/timestamps/internal';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../support/vectors.js';

/** Midnight of a day by `Date`, which takes years from 0 to 99 for others. */
function midnight(year: number, month: number, day: number): Date {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date;
}

it('counts days as Date does', { timeout: FUZZ_TIMEOUT_MS }, () => {
  fc.assert(
    fc.property(fc.integer({ min: -719_528, max: 2_932_896 }), (days) => {
      const date = new Date(days * 86_400_000);
      const [year, month] = [date.getUTCFullYear(), date.getUTCMonth() + 1];
      expect(daysFromCivil(year, month, date.getUTCDate())).toBe(days);
      expect(yearOf(days * 86_400)).toBe(year);
      expect(yearOf(days * 86_400 + 86_399)).toBe(year);
      expect(daysInMonth(year, month)).toBe(midnight(year, month + 1, 0).getUTCDate());
    }),
    fuzzRuns(2000),
  );
});

it('knows the first and the last second of every year from 0 to 9999', () => {
  for (let year = 0; year <= 9999; year++) {
    const seconds = midnight(year, 1, 1).getTime() / 1000;
    expect(daysFromCivil(year, 1, 1) * 86_400).toBe(seconds);
    expect(yearOf(seconds)).toBe(year);
    expect(yearOf(seconds - 1)).toBe(year - 1);
    expect(isLeapYear(year)).toBe(midnight(year, 2, 29).getUTCMonth() === 1);
  }
});
