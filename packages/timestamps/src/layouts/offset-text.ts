import { isDigit, isLetter, SPACE, twoDigits } from '../bytes.js';

const PLUS = 0x2b;
const MINUS = 0x2d;

/** Whether an offset begins here, or one of four digits after a space. */
export function isOffset(bytes: Uint8Array, at: number, to: number): boolean {
  const isSpaced = at < to && bytes[at] === SPACE;
  const sign = isSpaced ? at + 1 : at;
  if (sign + 1 >= to) return !isSpaced && at < to && isZulu(bytes[at] as number);
  if (!isSpaced && isZulu(bytes[at] as number)) return !isLetter(bytes[at + 1] as number);
  if (bytes[sign] !== PLUS && bytes[sign] !== MINUS) return false;
  if (!isSpaced) return isDigit(bytes[sign + 1] as number);
  return sign + 5 <= to && twoDigits(bytes, sign + 1) >= 0 && twoDigits(bytes, sign + 3) >= 0;
}

/** The letter Z, of either case. */
export function isZulu(byte: number): boolean {
  return (byte | 0x20) === 0x7a;
}
