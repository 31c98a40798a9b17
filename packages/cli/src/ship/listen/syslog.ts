import type { EntryStream } from '../entries/entry-account.js';
import type { EntryStreams } from '../entries/entry-streams.js';
import type { Search, Splitter } from '../entries/splitters.js';

const [ZERO, ONE, NINE, SPACE] = [48, 49, 57, 32];
const LINE_FEED = 10;
/** A length of more digits is none. */
const MOST_DIGITS = 9;
/** More of a length, or of a message with one, is to come. */
const UNFINISHED: Search = { seen: 0, hasLength: true };

/**
 * Messages with their lengths in front: octet counting of RFC 6587. What has no length ends with its line.
 * @param maxBytes a longer message is one of several parts
 */
export const octetCounted =
  (maxBytes: number): Splitter =>
  (bytes, from, isEnd) => {
    let at = from;
    while (at < bytes.length && at - from <= MOST_DIGITS && isDigit(bytes[at])) at++;
    const hasLength = at > from && at - from <= MOST_DIGITS && bytes[from] !== ZERO;
    if (at === bytes.length && !isEnd) return UNFINISHED;
    if (hasLength && bytes[at] === SPACE) {
      const begin = at + 1;
      const length = Number(bytes.toString('latin1', from, at));
      const end = begin + length;
      if (end <= bytes.length) return { from: begin, to: trimmed(bytes, begin, end), after: end };
      if (length > maxBytes) return { from: begin, to: begin, after: begin, more: length };
      return isEnd && begin < bytes.length
        ? { from: begin, to: bytes.length, after: bytes.length }
        : UNFINISHED;
    }
    const found = bytes.indexOf(LINE_FEED, from);
    if (found !== -1) return { from, to: trimmed(bytes, from, found), after: found + 1 };
    return isEnd && from < bytes.length
      ? { from, to: bytes.length, after: bytes.length }
      : undefined;
  };

/** Takes syslog by TCP: the first byte says whether messages have their lengths in front, or are lines. */
export class SyslogStream implements EntryStream {
  readonly #streams: EntryStreams;
  readonly #sender: string | undefined;
  #stream: EntryStream | undefined;

  constructor(streams: EntryStreams, sender: string | undefined) {
    this.#streams = streams;
    this.#sender = sender;
  }

  stats() {
    return this.#stream?.stats() ?? { entries: 0, refusedLines: 0, unfinishedBytes: 0 };
  }

  write(chunk: Uint8Array): Promise<void> | undefined {
    this.#stream ??= this.#open(chunk[0]);
    return this.#stream.write(chunk);
  }

  end(): Promise<void> | undefined {
    return this.#stream?.end();
  }

  #open(first: number | undefined): EntryStream {
    const isCounted = first !== undefined && first >= ONE && first <= NINE;
    if (isCounted)
      return this.#streams.openRecords(octetCounted(this.#streams.maxBytes), this.#sender);
    return this.#streams.openLines(this.#sender);
  }
}

/** Where a message ends without the line ends and zeros that some senders put behind it. */
export function trimmed(bytes: Buffer, from: number, to: number): number {
  let end = to;
  while (end > from && [0, LINE_FEED, 13].includes(bytes[end - 1] as number)) end--;
  return end;
}

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= ZERO && byte <= NINE;
}
