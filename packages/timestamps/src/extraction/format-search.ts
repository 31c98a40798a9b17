import {
  beginningOf,
  DIGIT,
  endOfBlanks,
  endOfDigits,
  endOfSpaces,
  MONTH_INITIAL,
  nextBeginning,
  OTHER,
  SPACE,
} from '../bytes.js';
import { isPlaced, type PlacedFormat, type TimeFormat } from '../formats/time-format.js';
import type { Reading } from '../layouts/reading.js';
import { monthNames } from '../names.js';

/** Numbers of more digits begin no time, but in front of a line, or in a layout without separators. */
const MOST_DIGITS = 4;
const BYTE_VALUES = 256;
const NO_RANK = 1_000_000;

/** A format and its place in the order. */
interface Ranked {
  readonly rank: number;
  readonly format: PlacedFormat;
}

/** Formats that begin with so many digits and the same separator, by what may follow it. */
interface Numbers {
  readonly beforeDigits: readonly Ranked[];
  readonly beforeMonths: readonly Ranked[];
  /** Those that allow anything, which are in the other lists too. */
  readonly beforeAny: readonly Ranked[];
}

const NO_NUMBERS: Numbers = { beforeDigits: [], beforeMonths: [], beforeAny: [] };

/**
 * Looks for all formats in one pass over a line. What stands at a byte says which of them can begin
 * there: the initial of a month; or how many digits there are, and what follows them. So each byte of
 * a line is read a bounded number of times, and most bytes once.
 */
export class FormatSearch {
  readonly #fronts: readonly Ranked[];
  readonly #months: readonly Ranked[];
  /** By the number of digits and the byte behind them. */
  readonly #numbers: Numbers[] = Array((MOST_DIGITS + 1) * BYTE_VALUES).fill(NO_NUMBERS);
  /** Layouts without separators: they begin with any number of digits. */
  readonly #longNumbers: readonly Ranked[];
  readonly #anywhere: readonly Ranked[];
  /** Formats that no byte tells: each searches the line for itself. */
  readonly #others: readonly TimeFormat[];
  readonly #takesFirst: boolean;

  /** The format that was found. */
  format: TimeFormat | undefined;
  #rank = 0;
  #start = -1;
  /** Whether the reading is that of the format; what was tried later has overwritten it. */
  #isFresh = false;

  /** @param takesFirst the first time of a line counts; else that of the format that comes first */
  constructor(formats: readonly TimeFormat[], takesFirst: boolean) {
    this.#takesFirst = takesFirst;
    const ranked = formats.filter(isPlaced).map((format, rank): Ranked => ({ rank, format }));
    const of = (kind: string) => ranked.filter(({ format }) => format.beginning.kind === kind);
    this.#fronts = of('front');
    this.#months = of('month');
    this.#anywhere = of('anything');
    this.#others = formats.filter((format) => !isPlaced(format));
    const numbers = of('digits');
    this.#longNumbers = numbers.filter(({ format }) => separatorOf(format) === -1);
    for (const number of numbers) {
      for (const place of placesOf(number.format)) {
        this.#numbers[place] = withNumber(this.#numbers[place] ?? NO_NUMBERS, number);
      }
    }
  }

  /**
   * Finds a time, and reads it.
   * @param last the last byte where it may begin
   * @returns where it begins; -1 when there is none
   */
  find(bytes: Uint8Array, from: number, to: number, last: number, reading: Reading): number {
    this.#start = -1;
    this.#rank = NO_RANK;
    this.format = undefined;
    this.#tryFront(bytes, from, to, last, reading);
    this.#pass(bytes, from, to, last, reading);
    this.#findOthers(bytes, from, to, last, reading);
    const { format } = this as { format: TimeFormat | undefined };
    if (format === undefined || this.#isFresh) return this.#start;
    if (isPlaced(format)) format.readAt(bytes, this.#start, to, reading);
    else format.find(bytes, from, to, last, reading);
    return this.#start;
  }

  #tryFront(bytes: Uint8Array, from: number, to: number, last: number, reading: Reading): void {
    const front = endOfBlanks(bytes, from, to);
    const isNumber = front < to && front <= last && beginningOf(bytes[front] as number) === DIGIT;
    if (isNumber) this.#try(this.#fronts, bytes, front, to, reading);
  }

  #pass(bytes: Uint8Array, from: number, to: number, last: number, reading: Reading): void {
    const end = Math.min(last + 1, to);
    const looksAnywhere = this.#anywhere.length > 0;
    for (let at = from; at < end; at++) {
      if (!looksAnywhere) at = nextBeginning(bytes, at, end);
      if (at === end || (this.#takesFirst && this.#start !== -1 && at > this.#start)) return;
      if (looksAnywhere) this.#try(this.#anywhere, bytes, at, to, reading);
      const kind = beginningOf(bytes[at] as number);
      if (kind === DIGIT) at = this.#tryNumber(bytes, at, to, reading) - 1;
      else if (kind === MONTH_INITIAL && at + 3 <= to && monthNames.find(bytes, at) !== -1) {
        this.#try(this.#months, bytes, at, to, reading);
      }
    }
  }

  /** @returns where the number ends */
  #tryNumber(bytes: Uint8Array, from: number, to: number, reading: Reading): number {
    const end = endOfDigits(bytes, from, to);
    const digits = end - from;
    if (digits <= MOST_DIGITS && end < to) {
      const formats = this.#numbers[digits * BYTE_VALUES + (bytes[end] as number)] as Numbers;
      if (formats !== NO_NUMBERS) this.#tryFormats(formats, end, bytes, from, to, reading);
    }
    this.#try(this.#longNumbers, bytes, from, to, reading);
    return end;
  }

  /** Looks behind the separator too, which most numbers do not survive. */
  #tryFormats(
    { beforeDigits, beforeMonths, beforeAny }: Numbers,
    separator: number,
    bytes: Uint8Array,
    from: number,
    to: number,
    reading: Reading,
  ): void {
    const isSpace = bytes[separator] === SPACE;
    const at = isSpace ? endOfSpaces(bytes, separator, to) : separator + 1;
    const next = at < to ? beginningOf(bytes[at] as number) : OTHER;
    if (next === DIGIT) this.#try(beforeDigits, bytes, from, to, reading);
    else if (next === MONTH_INITIAL) this.#try(beforeMonths, bytes, from, to, reading);
    else this.#try(beforeAny, bytes, from, to, reading);
  }

  /** Tries formats in their order; those that come after what was found need no look. */
  #try(
    formats: readonly Ranked[],
    bytes: Uint8Array,
    at: number,
    to: number,
    reading: Reading,
  ): void {
    for (let i = 0; i < formats.length; i++) {
      const ranked = formats[i] as Ranked;
      if (ranked.rank >= this.#rank) return;
      this.#isFresh = false;
      if (ranked.format.readAt(bytes, at, to, reading)) {
        this.#take(ranked.format, at);
        this.#rank = ranked.rank;
        return;
      }
    }
  }

  #findOthers(bytes: Uint8Array, from: number, to: number, last: number, reading: Reading): void {
    for (const other of this.#others) {
      if (!this.#takesFirst && this.#start !== -1) return;
      this.#isFresh = false;
      const at = other.find(bytes, from, to, last, reading);
      if (at !== -1 && (this.#start === -1 || at < this.#start)) this.#take(other, at);
    }
  }

  #take(format: TimeFormat, at: number): void {
    this.format = format;
    this.#start = at;
    this.#isFresh = true;
  }
}

function separatorOf({ beginning }: PlacedFormat): number {
  return beginning.kind === 'digits' ? beginning.separator : -1;
}

/** Where in the table of numbers a format stands. */
function placesOf({ beginning }: PlacedFormat): number[] {
  if (beginning.kind !== 'digits' || beginning.separator === -1) return [];
  const { least, most, separator } = beginning;
  return Array.from(
    { length: Math.min(most, MOST_DIGITS) - least + 1 },
    (_, i) => (least + i) * BYTE_VALUES + separator,
  );
}

function withNumber({ beforeDigits, beforeMonths, beforeAny }: Numbers, added: Ranked): Numbers {
  const { beginning } = added.format;
  const next = beginning.kind === 'digits' ? beginning.next : OTHER;
  return {
    beforeDigits: next === MONTH_INITIAL ? beforeDigits : [...beforeDigits, added],
    beforeMonths: next === DIGIT ? beforeMonths : [...beforeMonths, added],
    beforeAny: next === OTHER ? [...beforeAny, added] : beforeAny,
  };
}
