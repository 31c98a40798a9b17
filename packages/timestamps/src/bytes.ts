/** What single bytes mean, and names that are read without making strings of them. */

export const SPACE = 0x20;
export const ZERO = 0x30;

/** What a byte can begin. */
export const OTHER = 0;
export const DIGIT = 1;
export const MONTH_INITIAL = 2;

/** Of each byte: whether a number or the name of a month can begin with it. */
export const BEGINS = new Uint8Array(256);
BEGINS.fill(DIGIT, ZERO, ZERO + 10);
for (const initial of 'JFMASOND') BEGINS[initial.charCodeAt(0)] = MONTH_INITIAL;

export function isDigit(byte: number): boolean {
  return byte >= ZERO && byte <= ZERO + 9;
}

export function isUpper(byte: number): boolean {
  return byte >= 0x41 && byte <= 0x5a;
}

export function isLetter(byte: number): boolean {
  return isUpper(byte & ~0x20);
}

/** White space as regular expressions have it, but for the vertical tab. */
function isBlank(byte: number): boolean {
  return byte === SPACE || byte === 0x09 || byte === 0x0a || byte === 0x0c || byte === 0x0d;
}

/** The first byte from `at` on that a number or a month can begin with; `end` when there is none. */
export function nextBeginning(bytes: Uint8Array, at: number, end: number): number {
  let next = at;
  while (next < end && BEGINS[bytes[next] as number] === OTHER) next++;
  return next;
}

/** Where white space ends that begins at `at`. */
export function endOfBlanks(bytes: Uint8Array, at: number, to: number): number {
  let end = at;
  while (end < to && isBlank(bytes[end] as number)) end++;
  return end;
}

/** Where digits end that begin at `at`. */
export function endOfDigits(bytes: Uint8Array, at: number, to: number): number {
  let end = at;
  while (end < to && isDigit(bytes[end] as number)) end++;
  return end;
}

const MONTHS =
  'january february march april may june july august september october november december';
const WEEKDAYS = 'sunday monday tuesday wednesday thursday friday saturday';

/** Names that are told apart by their first three letters. */
export class Names {
  readonly #keys: Int32Array;
  readonly #names: readonly Uint8Array[];

  constructor(names: string) {
    this.#names = names.split(' ').map((name) => new TextEncoder().encode(name));
    this.#keys = Int32Array.from(this.#names, (name) => key(name, 0));
  }

  /** Which name the three letters from `at` on begin, of either case; -1 for none. */
  find(bytes: Uint8Array, at: number): number {
    const sought = key(bytes, at);
    const keys = this.#keys;
    for (let name = 0; name < keys.length; name++) if (keys[name] === sought) return name;
    return -1;
  }

  /** Where a whole name ends that begins at `at`; -1 when other bytes follow. */
  endOf(name: number, bytes: Uint8Array, at: number, to: number): number {
    const letters = this.#names[name] as Uint8Array;
    const end = at + letters.length;
    if (end > to) return -1;
    for (let i = 3; i < letters.length; i++) {
      if (((bytes[at + i] as number) | 0x20) !== letters[i]) return -1;
    }
    return end;
  }
}

export const monthNames = new Names(MONTHS);
export const weekdayNames = new Names(WEEKDAYS);

/** Three letters as one number, in lower case. */
function key(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 16) |
    ((bytes[at + 1] as number) << 8) |
    (bytes[at + 2] as number) |
    0x202020
  );
}
