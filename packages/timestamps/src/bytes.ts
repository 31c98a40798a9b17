/**
 * What single bytes mean. Constants that loops need are not exported: V8 reads an exported one from
 * memory each time, which doubles what the search of a line costs.
 */

const space = 0x20;
const zero = 0x30;
const other = 0;
const digit = 1;
const monthInitial = 2;

/** Of each byte: whether a number or the name of a month can begin with it. */
const beginnings = new Uint8Array(256);
beginnings.fill(digit, zero, zero + 10);
for (const initial of 'JFMASOND') beginnings[initial.charCodeAt(0)] = monthInitial;

export const SPACE = space;

/** What a byte can begin: anything else than a time, a number, the name of a month. */
export const OTHER = other;
export const DIGIT = digit;
export const MONTH_INITIAL = monthInitial;

/** What a byte can begin. */
export function beginningOf(byte: number): number {
  return beginnings[byte] as number;
}

/** The first byte from `at` on that a number or a month can begin with; `end` when there is none. */
export function nextBeginning(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  while (next < end && beginnings[bytes[next] as number] === other) next++;
  return next;
}

export function isDigit(byte: number): boolean {
  return byte >= zero && byte <= zero + 9;
}

/** The value of a digit. */
export function digitOf(byte: number): number {
  return byte - zero;
}

/** The number that two digits are; negative when they are none. */
export function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = (bytes[at] as number) - zero;
  const ones = (bytes[at + 1] as number) - zero;
  return tens >>> 0 > 9 || ones >>> 0 > 9 ? -1 : tens * 10 + ones;
}

export function isUpper(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

export function isLetter(byte: number): boolean {
  return isUpper(byte & ~0x20);
}

/** White space as regular expressions have it, but for the vertical tab. */
function isBlank(byte: number): boolean {
  return byte === space || byte === 0x09 || byte === 0x0a || byte === 0x0c || byte === 0x0d;
}

/** Where white space ends that begins at `at`. */
export function endOfBlanks(bytes: Uint8Array, at: number, to: number): number {
  let end = at;
  while (end < to && isBlank(bytes[end] as number)) end++;
  return end;
}

/** Where spaces end that begin at `at`. */
export function endOfSpaces(bytes: Uint8Array, at: number, to: number): number {
  let end = at;
  while (end < to && bytes[end] === space) end++;
  return end;
}

/** Where digits end that begin at `at`. */
export function endOfDigits(bytes: Uint8Array, at: number, to: number): number {
  let end = at;
  while (end < to && isDigit(bytes[end] as number)) end++;
  return end;
}
