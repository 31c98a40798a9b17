import { digitOf, endOfBlanks, endOfDigits } from '../bytes.js';
import type { Reading } from '../layouts/reading.js';
import type { PlacedFormat } from './time-format.js';

/** From 1601, where Windows begins to count, to 1970. */
const WINDOWS_EPOCH_SECONDS = 11_644_473_600;

const FRONT = { kind: 'front' } as const;
const DOT = 0x2e;
const NANOSECOND_DIGITS = 9;

/** What a number counts: how many of its last digits are the fraction of a second; since when. */
export interface NumberRules {
  readonly leastDigits: number;
  readonly mostDigits: number;
  /** Digits behind the point that the number has to have; 0 for a whole number. */
  readonly hasPoint: boolean;
  readonly fractionDigits: number;
  readonly epoch: 'unix' | 'windows';
}

/**
 * A number that counts seconds or parts of them, in front of a line: after white space only. Digits
 * are read as they stand, so that nothing is rounded; what is below a nanosecond is dropped.
 */
export class NumberFormat implements PlacedFormat {
  readonly name: string;
  readonly beginning = FRONT;
  readonly #rules: NumberRules;
  readonly #epochSeconds: number;

  constructor(name: string, rules: NumberRules) {
    this.name = name;
    this.#rules = rules;
    this.#epochSeconds = rules.epoch === 'windows' ? WINDOWS_EPOCH_SECONDS : 0;
  }

  find(bytes: Uint8Array, from: number, to: number, last: number, reading: Reading): number {
    const at = endOfBlanks(bytes, from, to);
    return at <= last && this.readAt(bytes, at, to, reading) ? at : -1;
  }

  readAt(bytes: Uint8Array, from: number, to: number, reading: Reading): boolean {
    const { leastDigits, mostDigits, hasPoint, fractionDigits } = this.#rules;
    let end = endOfDigits(bytes, from, to);
    const digits = end - from;
    if (digits < leastDigits || digits > mostDigits) return false;
    const point = end - fractionDigits;
    const seconds = readDigits(bytes, from, point, point);
    if (!hasPoint) {
      const nanoseconds = readDigits(bytes, point, end, point + NANOSECOND_DIGITS);
      reading.setInstant(seconds - this.#epochSeconds, nanoseconds, end);
      return true;
    }
    if (end >= to || bytes[end] !== DOT) return false;
    const begin = end + 1;
    end = endOfDigits(bytes, begin, to);
    if (end === begin) return false;
    reading.setInstant(seconds, readDigits(bytes, begin, end, begin + NANOSECOND_DIGITS), end);
    return true;
  }
}

/** The number up to `full`: digits from `end` on count as zeros, and those behind `full` not at all. */
function readDigits(bytes: Uint8Array, from: number, end: number, full: number): number {
  let value = 0;
  for (let at = from; at < full; at++) {
    value = value * 10 + (at < end ? digitOf(bytes[at] as number) : 0);
  }
  return value;
}
