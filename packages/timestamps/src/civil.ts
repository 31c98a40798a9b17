/** The calendar: the proleptic Gregorian one, as ISO 8601 has it. Days and seconds count from 1970. */

export const DAY_SECONDS = 86_400;

/** After so many years, and so many days, the calendar repeats. */
export const CYCLE_YEARS = 400;
export const CYCLE_DAYS = 146_097;

/** The days from 1970-01-01 to 0000-03-01, with which the count of cycles begins. */
const ORIGIN_DAYS = 719_468;

const MONTH_DAYS = Uint8Array.of(31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31);

export function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}

/** @param month 1 to 12 */
export function daysInMonth(year: number, month: number): number {
  return month === 2 && isLeapYear(year) ? 29 : (MONTH_DAYS[month - 1] as number);
}

/**
 * The days from 1970-01-01 to a date. A year is counted from March, so that a leap day is its last
 * one. The months from March on have 31, 30, 31, 30, 31 days, over and over: 153 days in five.
 */
export function daysFromCivil(year: number, month: number, day: number): number {
  const marchYear = month > 2 ? year : year - 1;
  const monthsFromMarch = month > 2 ? month - 3 : month + 9;
  const leapDays =
    Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  const dayOfYear = Math.floor((153 * monthsFromMarch + 2) / 5) + day - 1;
  return marchYear * 365 + leapDays + dayOfYear - ORIGIN_DAYS;
}

/** The year in which a second lies. */
export function yearOf(seconds: number): number {
  const days = Math.floor(seconds / DAY_SECONDS);
  // Years have 365.2425 days on average, so that the guess is right or off by one.
  const guess = 1970 + Math.floor((days * CYCLE_YEARS) / CYCLE_DAYS);
  if (days < daysFromCivil(guess, 1, 1)) return guess - 1;
  return days < daysFromCivil(guess + 1, 1, 1) ? guess : guess + 1;
}
