import { endingWith, isCut, SEARCH_START } from '../entries/splitters.js';
import { trimmed } from './syslog.js';

/**
 * Finds the records of bytes that are whole, such as those of a datagram.
 * @param maxBytes a longer record is one of several parts
 */
export type RecordFinder = (bytes: Buffer, maxBytes: number) => Iterable<Buffer>;

/** The one message of a datagram of syslog. */
export const wholeMessage: RecordFinder = (bytes, maxBytes) =>
  partsOf(bytes, 0, trimmed(bytes, 0, bytes.length), maxBytes);

/** The lines of a datagram, without the zeros that some senders put behind them. */
export const trimmedLines: RecordFinder = function* (bytes, maxBytes) {
  for (const [from, to] of linesIn(bytes)) {
    yield* partsOf(bytes, from, trimmed(bytes, from, to), maxBytes);
  }
};

/** The lines of a body, as a stream of lines has them. */
export const plainLines: RecordFinder = function* (bytes, maxBytes) {
  for (const [from, to] of linesIn(bytes)) yield* partsOf(bytes, from, to, maxBytes);
};

const lineEnd = endingWith();

function* linesIn(bytes: Buffer): Generator<readonly [from: number, to: number]> {
  for (let at = 0; ; ) {
    const found = lineEnd(bytes, at, true, SEARCH_START);
    if (!isCut(found)) return;
    yield [found.from, found.to];
    at = found.after;
  }
}

function* partsOf(bytes: Buffer, from: number, to: number, maxBytes: number): Generator<Buffer> {
  for (let at = from; at < to; at += maxBytes) {
    yield bytes.subarray(at, Math.min(at + maxBytes, to));
  }
}
