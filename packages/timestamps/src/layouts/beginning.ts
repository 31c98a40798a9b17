import { isDigit, SPACE } from '../bytes.js';
import * as step from './steps.js';

/** What a time of a layout begins with, so that a search looks only where one can be. */
export interface Beginning {
  readonly kind: 'month' | 'digits' | 'anything';
  /** Of `digits`: how many there are at least and at most; no limit for a layout without separators. */
  readonly least: number;
  readonly most: number;
  /** Of `digits`: the byte that follows; -1 for any. */
  readonly separator: number;
}

export function beginningOf({ steps }: step.Layout): Beginning {
  const [first = -1, second = -1] = steps;
  const isLiteral = (second & 0xff) === step.LITERAL && !isDigit(step.operand(second, 1));
  const isSeparated = isLiteral || (second & 0xff) === step.SPACES;
  const separator = isLiteral ? step.operand(second, 1) : SPACE;
  switch (first & 0xff) {
    case step.MONTH_NAME:
      return { kind: 'month', least: 0, most: 0, separator: -1 };
    case step.NUMBER: {
      if (!isSeparated)
        return { kind: 'digits', least: 1, most: Number.POSITIVE_INFINITY, separator: -1 };
      const [least, most] = [step.operand(first, 2), step.operand(first, 3)];
      return { kind: 'digits', least, most, separator };
    }
    case step.CLOCK:
      return { kind: 'digits', least: 2, most: 2, separator: ':'.charCodeAt(0) };
    default:
      return { kind: 'anything', least: 0, most: 0, separator: -1 };
  }
}
