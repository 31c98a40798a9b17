import { InvalidArgumentError } from 'commander';

type Units = ReadonlyMap<string | undefined, number>;

const TIME_UNITS: Units = new Map([
  ['ms', 1],
  ['s', 1000],
  ['m', 60_000],
  ['h', 3_600_000],
]);

const BYTE_UNITS: Units = new Map([
  [undefined, 1],
  ['B', 1],
  ['KB', 1e3],
  ['MB', 1e6],
  ['GB', 1e9],
]);

/** Parses a time such as `50ms`, `2s` or `1m`, and returns milliseconds. `0s` is allowed. */
export function duration(text: string): number {
  const milliseconds = withUnit(text, TIME_UNITS);
  if (milliseconds !== undefined) return milliseconds;
  throw new InvalidArgumentError('It must be a time such as 50ms, 2s or 1m.');
}

/** Parses a time such as `50ms`, `2s` or `1m`, and returns milliseconds. It must be more than 0. */
export function positiveDuration(text: string): number {
  const milliseconds = duration(text);
  if (milliseconds > 0) return milliseconds;
  throw new InvalidArgumentError('It must be more than 0.');
}

/** Parses a number of bytes such as `65536`, `500KB` or `1MB`. */
export function byteRate(text: string): number {
  const bytes = withUnit(text.toUpperCase(), BYTE_UNITS);
  if (bytes !== undefined) return bytes;
  throw new InvalidArgumentError('It must be a number of bytes such as 65536, 500KB or 1MB.');
}

/** Parses a whole number of at least 1. */
export const count = wholeNumber(1, Number.MAX_SAFE_INTEGER);

/** Returns a function that parses a whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= min && value <= max) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${min} to ${max}.`);
  };
}

function withUnit(text: string, units: Units): number | undefined {
  const [, digits, unit] = /^(\d+(?:\.\d+)?)([a-z]+)?$/i.exec(text) ?? [];
  const factor = units.get(unit);
  return digits === undefined || factor === undefined ? undefined : Number(digits) * factor;
}
