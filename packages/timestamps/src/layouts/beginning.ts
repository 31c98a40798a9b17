import { DIGIT, isDigit, MONTH_INITIAL, OTHER, SPACE } from '../bytes.js';
import * as step from './steps.js';

/** What a time of a layout begins with, so that a search looks only where one can be. */
export interface Beginning {
  readonly kind: 'month' | 'digits' | 'anything';
  /** Of `digits`: how many there are at least and at most; no limit for a layout without separators. */
  readonly least: number;
  readonly most: number;
  /** Of `digits`: the byte that follows; -1 for any. */
  readonly separator: number;
  /** Of `digits`: what begins behind the separator, or behind all spaces; OTHER for anything. */
  readonly next: number;
}

const NOTHING = { least: 0, most: 0, separator: -1, next: OTHER };
const NO_LIMIT = { least: 1, most: Number.MAX_SAFE_INTEGER, separator: -1, next: OTHER };

export function beginningOfLayout({ steps }: step.Layout): Beginning {
  const [first = -1, second = -1, third = -1] = steps;
  switch (first & 0xff) {
    case step.MONTH_NAME:
      return { kind: 'month', ...NOTHING };
    case step.NUMBER: {
      const separator = separatorOf(second);
      if (separator === -1) return { kind: 'digits', ...NO_LIMIT };
      const [least, most] = [step.operand(first, 2), step.operand(first, 3)];
      return { kind: 'digits', least, most, separator, next: nextOf(third) };
    }
    case step.DATE:
      return { kind: 'digits', least: 4, most: 4, separator: first >>> 8, next: DIGIT };
    case step.CLOCK:
      return { kind: 'digits', least: 2, most: 2, separator: ':'.charCodeAt(0), next: DIGIT };
    default:
      return { kind: 'anything', ...NOTHING };
  }
}

function separatorOf(one: number): number {
  if ((one & 0xff) === step.SPACES) return SPACE;
  const isLiteral = (one & 0xff) === step.LITERAL && !isDigit(step.operand(one, 1));
  return isLiteral ? step.operand(one, 1) : -1;
}

function nextOf(one: number): number {
  switch (one & 0xff) {
    case step.MONTH_NAME:
      return MONTH_INITIAL;
    case step.NUMBER:
    case step.SHORT_YEAR:
    case step.DATE:
    case step.CLOCK:
      return DIGIT;
    default:
      return OTHER;
  }
}
