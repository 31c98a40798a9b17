import { InvalidOptionError } from './errors.js';

/** @throws {InvalidOptionError} if the value is not a whole number within bounds. */
export function checkWhole(option: string, value: number, min: number, max: number): number {
  if (!Number.isInteger(value)) throw new InvalidOptionError(option, value, 'give a whole number');
  return checkNumber(option, value, min, max);
}

/** @throws {InvalidOptionError} if the value is not a number within bounds. */
export function checkNumber(option: string, value: number, min: number, max: number): number {
  if (typeof value !== 'number' || !(value >= min && value <= max)) {
    throw new InvalidOptionError(option, value, `give a number from ${min} to ${max}`);
  }
  return value;
}
