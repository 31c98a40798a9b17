import { Unpackr } from 'msgpackr';

/** Where a record is in bytes. */
export interface Cut {
  readonly from: number;
  readonly to: number;
  /** Where the next one begins. */
  readonly after: number;
  /** How many bytes of the record come after it: it is longer than an entry may be. */
  readonly more?: number;
  /** What the record stands for, where finding its end has shown it. */
  readonly value?: unknown;
}

/**
 * Finds the next whole record.
 * @param from where it begins
 * @param isEnd nothing comes after the bytes
 * @returns `undefined`: its end is not there yet
 */
export type Splitter = (bytes: Buffer, from: number, isEnd: boolean) => Cut | undefined;

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Records that end with a delimiter; without one, lines, which may end with a carriage return too. */
export function endingWith(delimiter?: Uint8Array): Splitter {
  const end = delimiter ?? Buffer.of(LINE_FEED);
  return (bytes, from, isEnd) => {
    const found = bytes.indexOf(end, from);
    if (found === -1) return isEnd ? rest(bytes, from) : undefined;
    const isReturn =
      delimiter === undefined && found > from && bytes[found - 1] === CARRIAGE_RETURN;
    return { from, to: isReturn ? found - 1 : found, after: found + end.length };
  };
}

/** Records that begin with a delimiter, which is a part of them. */
export function beginningWith(delimiter: Uint8Array): Splitter {
  return (bytes, from, isEnd) => {
    const found = bytes.indexOf(delimiter, from + 1);
    if (found !== -1) return { from, to: found, after: found };
    return isEnd ? rest(bytes, from) : undefined;
  };
}

/** Records of one line or more: each line that an expression matches begins one. */
export function beginningAt(expression: RegExp): Splitter {
  return (bytes, from, isEnd) => {
    for (let line = from; ; ) {
      const next = bytes.indexOf(LINE_FEED, line) + 1;
      if (next === 0 || next === bytes.length) return isEnd ? rest(bytes, from) : undefined;
      const found = bytes.indexOf(LINE_FEED, next);
      // Of a line that is not whole yet, it is not known whether it will match.
      if (found === -1 && !isEnd) return undefined;
      const text = bytes.toString('utf8', next, found === -1 ? bytes.length : found);
      if (expression.test(text)) return { from, to: withoutLineEnd(bytes, next), after: next };
      line = next;
    }
  };
}

/** Values in MessagePack, one after the other. */
export function messagePack(): Splitter {
  const unpackr = new Unpackr({ useRecords: false });
  return (bytes, from, isEnd) => {
    if (from === bytes.length) return undefined;
    let cut: Cut | undefined;
    try {
      unpackr.unpackMultiple(bytes.subarray(from), (value, _start, end = 0) => {
        cut = { from, to: from + end, after: from + end, value };
        return false;
      });
    } catch (error) {
      const isIncomplete = (error as { readonly incomplete?: boolean }).incomplete === true;
      if (cut === undefined && isIncomplete && !isEnd) return undefined;
      if (cut === undefined) return rest(bytes, from);
    }
    return cut;
  };
}

/** The end of the input is that of the record; its last line feed is no part of it. */
function rest(bytes: Buffer, from: number): Cut | undefined {
  const { length } = bytes;
  return from === length ? undefined : { from, to: withoutLineEnd(bytes, length), after: length };
}

/** Where a line ends whose line feed, if there is one, ends at a place. */
function withoutLineEnd(bytes: Buffer, end: number): number {
  if (bytes[end - 1] !== LINE_FEED) return end;
  return bytes[end - 2] === CARRIAGE_RETURN ? end - 2 : end - 1;
}
