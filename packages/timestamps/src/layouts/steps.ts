/**
 * A layout is a list of steps, each of which reads a part of a time. A step is one number, so that a
 * list is an `Int32Array`: its kind in the lowest byte, and its operands in the bytes above.
 */

/** The byte `operand(step, 1)`. */
export const LITERAL = 0;
/** One space or more. */
export const SPACES = 1;
/** `operand(step, 2)` to `operand(step, 3)` digits, for the field `operand(step, 1)`. */
export const NUMBER = 2;
/** Two digits for the year: 69 to 99 are of the twentieth century. */
export const SHORT_YEAR = 3;
/** `2006-01-02` with the separator `operand(step, 1)`. */
export const DATE = 4;
/** `15:04:05`, the most frequent of all. */
export const CLOCK = 5;
/** The name of a month: three letters, or all if `operand(step, 1)` is 1. */
export const MONTH_NAME = 6;
/** The name of a day of the week, which says nothing about the time. */
export const WEEKDAY_NAME = 7;
/** Nanoseconds: `.` or `,` and one to nine digits. `operand(step, 1)`: 1 if they may be missing. */
export const FRACTION = 8;
/** AM or PM, in the case that `operand(step, 1)` says: 0 for capital letters, 0x20 for small ones. */
export const HALF_DAY = 9;
/** An offset from UTC. `operand(step, 1)` has the bits below. */
export const OFFSET = 10;
/** An abbreviation of a zone, or a numeric one: `+11`, or `+1030` if `operand(step, 1)` is 0. */
export const ZONE_NAME = 11;

/** Bits of an OFFSET: `Z` is read too, only `Z` is read, minutes follow, after a colon. */
export const ALLOWS_Z = 1;
export const ONLY_Z = 2;
export const HAS_MINUTES = 4;
export const HAS_COLON = 8;

/** The fields of a time that numbers are read into. */
export const YEAR = 0;
export const MONTH = 1;
export const DAY = 2;
export const DAY_OF_YEAR = 3;
export const HOUR = 4;
export const MINUTE = 5;
export const SECOND = 6;
/** 0 for AM, 1 for PM. */
export const HALF = 7;
export const FIELD_COUNT = 8;

export function makeStep(kind: number, ...operands: readonly number[]): number {
  return operands.reduce((step, operand, i) => step | (operand << (8 * (i + 1))), kind);
}

export function operand(step: number, place: 1 | 2 | 3): number {
  return (step >>> (8 * place)) & 0xff;
}

/** A layout that can be read. */
export interface Layout {
  readonly steps: Int32Array;
  /** The fields that no step reads. */
  readonly missing: Int32Array;
  /** No text is shorter than this. */
  readonly minimumBytes: number;
  /** No offset may follow: a text that has one is not of this layout. */
  readonly refusesOffset: boolean;
}
