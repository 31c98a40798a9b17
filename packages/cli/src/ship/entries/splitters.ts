import { Unpackr } from 'msgpackr';
import { WALK_START, type Walk, walkValue } from './messagepack.js';

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
  /** Nothing becomes of the record: it is too long. */
  readonly isRefused?: boolean;
  /** How to find the end of a refused record that goes on behind these bytes. */
  readonly search?: Search;
  /** Why nobody can say where records are from here on. */
  readonly problem?: string;
}

/** How the search for the end of a record goes on once more bytes are there. */
export interface Search {
  /** How many bytes of the record were looked at. */
  readonly seen: number;
  /** Where its last line begins, in bytes from its beginning. */
  readonly line?: number;
  /** How far its values in MessagePack were looked at. */
  readonly walk?: Walk;
  /** Its bytes that are not kept any more, because it is too long. */
  readonly dropped?: number;
  /** The record says itself how long it is: it is never cut before its end is found. */
  readonly hasLength?: boolean;
}

/** The search of a record that nothing is known of. */
export const SEARCH_START: Search = { seen: 0 };

/**
 * Finds the next whole record.
 * @param from where it begins
 * @param isEnd nothing comes after the bytes
 * @param search what was returned for the same record when less of it was there
 * @returns how to go on when more is there; `undefined`: from its beginning
 */
export type Splitter = (
  bytes: Buffer,
  from: number,
  isEnd: boolean,
  search: Search,
) => Cut | Search | undefined;

export function isCut(found: Cut | Search | undefined): found is Cut {
  return found !== undefined && 'after' in found;
}

const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;

/** Records that end with a delimiter; without one, lines, which may end with a carriage return too. */
export function endingWith(delimiter?: Uint8Array): Splitter {
  const end = delimiter ?? Buffer.of(LINE_FEED);
  return (bytes, from, isEnd, { seen }) => {
    // The last bytes that were looked at may begin a delimiter.
    const found = bytes.indexOf(end, from + Math.max(0, seen - end.length + 1));
    if (found === -1) return isEnd ? rest(bytes, from) : { seen: bytes.length - from };
    const isReturn =
      delimiter === undefined && found > from && bytes[found - 1] === CARRIAGE_RETURN;
    return { from, to: isReturn ? found - 1 : found, after: found + end.length };
  };
}

/** Records that begin with a delimiter, which is a part of them. */
export function beginningWith(delimiter: Uint8Array): Splitter {
  return (bytes, from, isEnd, { seen }) => {
    const found = bytes.indexOf(delimiter, from + Math.max(1, seen - delimiter.length + 1));
    if (found !== -1) return { from, to: found, after: found };
    return isEnd ? rest(bytes, from) : { seen: bytes.length - from };
  };
}

/** Records of one line or more: each line that an expression matches begins one. */
export function beginningAt(expression: RegExp): Splitter {
  return (bytes, from, isEnd, { seen, line = 0 }) => {
    // The first line of a record is not looked at.
    for (let begin = from + line, unseen = from + seen; ; ) {
      const end = bytes.indexOf(LINE_FEED, Math.max(begin, unseen));
      // Of a line that is not whole yet, it is not known whether it will match.
      if (end === -1 && !isEnd) return { seen: bytes.length - from, line: begin - from };
      if (begin > from && begin < bytes.length) {
        const text = bytes.toString('utf8', begin, end === -1 ? bytes.length : end);
        if (expression.test(text)) return { from, to: withoutLineEnd(bytes, begin), after: begin };
      }
      if (end === -1) return rest(bytes, from);
      begin = end + 1;
      unseen = begin;
    }
  };
}

/**
 * Values in MessagePack, one after the other.
 * @param maxBytes a longer value is refused
 */
export function messagePack(maxBytes: number): Splitter {
  const unpackr = new Unpackr({ useRecords: false });
  return (bytes, from, isEnd, { walk: before = WALK_START, dropped = 0 }) => {
    const there = bytes.length - from;
    const walked = walkValue(bytes, from, before);
    if (walked === undefined) {
      const problem = 'no value of MessagePack begins with the byte c1';
      return { from, to: from, after: from, problem };
    }
    const { isWhole, ...walk } = walked;
    const isRefused = dropped + walk.at > maxBytes;
    if (isWhole) {
      const to = from + walk.at;
      if (isRefused) return { from, to: from, after: to, isRefused };
      return { from, to, after: to, value: unpacked(unpackr, bytes.subarray(from, to)) };
    }
    if (isEnd) {
      if (isRefused) return { from, to: from, after: bytes.length, isRefused };
      return there === 0 ? undefined : { from, to: bytes.length, after: bytes.length };
    }
    const gone = Math.min(walk.at, there);
    if (!isRefused || gone === 0) return { seen: there, walk, dropped, hasLength: true };
    const search = {
      seen: 0,
      walk: { ...walk, at: walk.at - gone },
      dropped: dropped + gone,
      hasLength: true,
    };
    return { from, to: from, after: from + gone, isRefused, search };
  };
}

/** What a whole value stands for; `undefined`: it has what nobody knows, such as an extension. */
function unpacked(unpackr: Unpackr, bytes: Buffer): unknown {
  try {
    return unpackr.unpack(bytes);
  } catch {
    return undefined;
  }
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
