import {
  areGone,
  GONE,
  isBytes,
  type SourceInput,
  Timestamp,
  type TimestampInput,
} from '@ringest/codec';
import { MAX_DELIMITER_BYTES } from '@ringest/workers';
import { InvalidArgumentError, type LineRefusedError } from '../errors.js';
import type { WaitOptions } from '../wait.js';
import type { CheckedEntry } from './checked-entry.js';
import { type LinePosition, type LineRules, LineRun, type LineTime } from './line-run.js';
import type { CountedRun } from './run-writer.js';
import type { TimestampWindow } from './timestamp-window.js';
import { UnfinishedLine } from './unfinished-line.js';

/** How a line writer makes entries of lines. */
export interface LineWriterOptions {
  /** The tag of all entries, a number that `getTag` or `negotiateTag` returned. */
  readonly tag: number;
  /** The source of all entries. Default: as for `writeEntry`. */
  readonly source?: SourceInput;
  /**
   * The time of the entries: one for all of them, or a function that returns the time of each line.
   * Default: the time of the call that completes the line, one for all lines of a chunk. All entries of a
   * line that is split have the time of the first one.
   */
  readonly timestamp?: TimestampInput | LineTime;
  /**
   * The bytes that end a line, 1 to 16; text counts in UTF-8. They are no part of the entry. Default: a line
   * feed; a carriage return before it is no part of the entry either.
   */
  readonly delimiter?: string | Uint8Array;
  /** Whether an empty line becomes an entry without data. Default: `false`, it is skipped. */
  readonly keepEmpty?: boolean;
  /** The most bytes of an entry, 1 to the option `maxEntrySize` of the muxer. Default: 1 MiB, or that. */
  readonly maxLineBytes?: number;
  /**
   * What becomes of a longer line. `split`: several entries of at most `maxLineBytes`, nothing is lost.
   * `refuse`: none of it is written, and `onRefused` is called. Default: `split`.
   */
  readonly longLines?: 'split' | 'refuse';
  /**
   * Called with each line that is refused: because it is too long, or because the function `timestamp`
   * threw or returned no time. The call of `write` or `end` is done but for this, so it may write; what it
   * throws comes out of that call, and the next one goes on with what is left. Default: a warning in the log for each call that refuses lines.
   */
  readonly onRefused?: (error: LineRefusedError) => void;
}

/** What a line writer has done so far. */
export interface LineWriterStats {
  /** Entries that were written, or wait for room. */
  readonly entries: number;
  /** Lines that were refused. */
  readonly refusedLines: number;
  /** Bytes of the line that is not complete. */
  readonly unfinishedBytes: number;
}

/** What a line writer needs of its muxer. */
export interface LineWriterHost {
  /** Checks what all entries of a chunk have in common. It belongs to this writer. */
  readonly parts: CheckedEntry;
  /** The most bytes of an entry. */
  readonly maxEntrySize: number;
  /** What the times of entries must be within. */
  readonly window: TimestampWindow | undefined;
  /** Writes runs to their ends, as one write. Returns as `IngestMuxer.writeBatch`. */
  writeRuns(
    runs: readonly CountedRun[],
    options: WaitOptions | undefined,
  ): Promise<void> | undefined;
  /** @throws {RingestError} nothing may be written now */
  checkMayWrite(options: WaitOptions | undefined): void;
  warn(fields: Readonly<Record<string, unknown>>, message: string): void;
}

const LINE_FEED = '\n';
const DEFAULT_MAX_LINE_BYTES = 1048576;
const NO_DATA = new Uint8Array(0);

/**
 * Makes an entry of each line of a stream of bytes, such as a file or a socket. It takes chunks as they
 * come, and keeps the rest of an unfinished line for the next one. `IngestMuxer.lineWriter` makes it.
 */
export class LineWriter {
  readonly #options: LineWriterOptions;
  readonly #host: LineWriterHost;
  readonly #rules: LineRules;
  readonly #position: LinePosition = {
    continues: false,
    seconds: 0,
    nanoseconds: 0,
    discards: false,
  };
  readonly #unfinished = new UnfinishedLine();
  #entries = 0;
  #refusedLines = 0;
  /** The refusals that are not reported yet. */
  readonly #refusals: LineRefusedError[] = [];

  /** @throws {InvalidArgumentError | UnknownTagError | InvalidSourceError | InvalidTimestampError} an option cannot be used */
  constructor(options: LineWriterOptions, host: LineWriterHost) {
    if (typeof options !== 'object' || options === null) {
      throw new InvalidArgumentError('options', options, '{ tag }, see LineWriterOptions');
    }
    this.#options = { ...options };
    this.#host = host;
    this.#rules = {
      delimiter: checkDelimiter(options.delimiter ?? LINE_FEED),
      keepEmpty: checkFlag('keepEmpty', options.keepEmpty ?? false),
      maxLineBytes: checkMaxLineBytes(options.maxLineBytes, host.maxEntrySize),
      splitsLong: checkLongLines(options.longLines ?? 'split') === 'split',
      timeOf: typeof options.timestamp === 'function' ? options.timestamp : undefined,
      window: host.window,
      refused: (error) => this.#refused(error),
    };
    checkCallback('onRefused', options.onRefused);
    this.#checkCommon();
  }

  /** What was done so far. */
  stats(): LineWriterStats {
    return {
      entries: this.#entries,
      refusedLines: this.#refusedLines,
      unfinishedBytes: this.#unfinished.length,
    };
  }

  /**
   * Writes the lines that a chunk completes. The chunk is copied before this returns. If this throws one of
   * the errors below, nothing of the chunk was taken.
   * @param chunk the next bytes of the stream; text is encoded in UTF-8
   * @returns `undefined` if all of these entries were accepted at once, otherwise a promise for all of
   *   them: it resolves, and rejects, as the one of `IngestMuxer.writeBatch`
   * @throws {NotRunningError} the muxer is not started, closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   * @throws {BacklogFullError} more than `backlogBytes` wait for room already
   * @throws {TagRefusedError} every connected indexer refuses the tag
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options or the chunk cannot be used
   * @throws {NestedWriteError} the function `timestamp` of a line writer has called this
   */
  write(chunk: Uint8Array | string, options?: WaitOptions): Promise<void> | undefined {
    const bytes = bytesOf(chunk);
    this.#host.checkMayWrite(options);
    this.#checkCommon();
    const unfinished = this.#unfinished;
    const { maxLineBytes, delimiter } = this.#rules;
    const runs: LineRun[] = [];
    const head = unfinished.length === 0 ? 0 : this.#endOfFirstLine(bytes);
    if (head !== 0) {
      unfinished.append(head === -1 ? bytes : bytes.subarray(0, head));
      // What is too long to be kept is written without its end.
      const isDue = head !== -1 || unfinished.length > maxLineBytes + delimiter.length;
      if (isDue) runs.push(this.#run(unfinished.bytes));
    }
    if (head !== -1 && head < bytes.length) runs.push(this.#run(bytes.subarray(head)));
    return this.#write(runs, options);
  }

  /**
   * Writes the unfinished line, if there is one, as if its end had come: at the end of the stream, or
   * when a sender has been quiet for too long. Chunks may be written afterwards.
   * @returns `undefined` if the entry was accepted at once, or there was none, otherwise a promise: it
   *   resolves, and rejects, as the one of `IngestMuxer.writeBatch`
   * @throws {NotRunningError} the muxer is not started, closing or closed
   * @throws {AllTargetsFailedError} every lane has given up for good
   * @throws {BacklogFullError} more than `backlogBytes` wait for room already
   * @throws {TagRefusedError} every connected indexer refuses the tag
   * @throws {InvalidTimeoutError | InvalidArgumentError} the options cannot be used
   * @throws {NestedWriteError} the function `timestamp` of a line writer has called this
   */
  end(options?: WaitOptions): Promise<void> | undefined {
    this.#host.checkMayWrite(options);
    this.#checkCommon();
    const unfinished = this.#unfinished;
    if (unfinished.length === 0) {
      this.#position.continues = false;
      this.#position.discards = false;
      return undefined;
    }
    return this.#write([this.#run(unfinished.bytes, true)], options);
  }

  /** Writes runs, and keeps the rest of the last one: it is the beginning of a line. */
  #write(runs: readonly LineRun[], options: WaitOptions | undefined): Promise<void> | undefined {
    const last = runs.at(-1);
    if (last === undefined) return undefined;
    const room = this.#host.writeRuns(runs, options);
    this.#entries += runs.reduce((sum, { written }) => sum + written, 0);
    this.#unfinished.keep(last.rest);
    this.#report();
    return room;
  }

  #run(bytes: Buffer, isLastLine = false): LineRun {
    return new LineRun(this.#rules, this.#host.parts, bytes, this.#position, isLastLine);
  }

  /** Where the line ends whose beginning is kept, behind its delimiter; -1: not in these bytes. */
  #endOfFirstLine(bytes: Buffer): number {
    const { delimiter } = this.#rules;
    // The delimiter may have begun in what is kept.
    const { length } = delimiter;
    const before = this.#unfinished.bytes.subarray(-(length - 1));
    if (length > 1 && before.length > 0) {
      const seam = Buffer.concat([before, bytes.subarray(0, length - 1)]);
      const found = seam.indexOf(delimiter);
      if (found !== -1) return found + length - before.length;
    }
    const found = bytes.indexOf(delimiter);
    return found === -1 ? -1 : found + length;
  }

  /** Checks tag, time and source, and sets them for the entries that come now. */
  #checkCommon(): void {
    const { tag, source, timestamp } = this.#options;
    const time =
      timestamp === undefined || typeof timestamp === 'function' ? Timestamp.now() : timestamp;
    this.#host.parts.check({
      tag,
      timestamp: time,
      data: NO_DATA,
      ...(source !== undefined && { source }),
    });
  }

  #refused(error: LineRefusedError): void {
    this.#refusedLines++;
    // For the log, one of them is enough.
    const isWanted = this.#options.onRefused !== undefined || this.#refusals.length === 0;
    if (isWanted) this.#refusals.push(error);
  }

  /** Reports the lines that were refused. Not earlier: `onRefused` may write, or throw. */
  #report(): void {
    const refusals = this.#refusals;
    const { onRefused } = this.#options;
    for (let err = refusals.shift(); err !== undefined; err = refusals.shift()) {
      if (onRefused !== undefined) onRefused(err);
      else this.#host.warn({ err, refusedLines: this.#refusedLines }, 'lines were refused');
    }
  }
}

function bytesOf(chunk: Uint8Array | string): Buffer {
  if (typeof chunk === 'string') return Buffer.from(chunk);
  if (!isBytes(chunk)) {
    throw new InvalidArgumentError('chunk', chunk, 'a Uint8Array or a string');
  }
  if (areGone(chunk)) throw new InvalidArgumentError('chunk', chunk, `bytes with memory: ${GONE}`);
  if (Buffer.isBuffer(chunk)) return chunk;
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

function checkDelimiter(delimiter: unknown): Buffer {
  const isText = typeof delimiter === 'string';
  const bytes = isText || isBytes(delimiter) ? Buffer.from(delimiter as string) : undefined;
  if (bytes !== undefined && bytes.length >= 1 && bytes.length <= MAX_DELIMITER_BYTES) return bytes;
  const wanted = `1 to ${MAX_DELIMITER_BYTES} bytes, or text of as many`;
  throw new InvalidArgumentError('options.delimiter', delimiter, wanted);
}

function checkFlag(name: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  throw new InvalidArgumentError(`options.${name}`, value, 'true or false');
}

function checkMaxLineBytes(given: unknown, maxEntrySize: number): number {
  const bytes = given ?? Math.min(DEFAULT_MAX_LINE_BYTES, maxEntrySize);
  const isUsable = Number.isInteger(bytes) && (bytes as number) >= 1;
  if (isUsable && (bytes as number) <= maxEntrySize) return bytes as number;
  throw new InvalidArgumentError(
    'options.maxLineBytes',
    bytes,
    `a whole number of bytes from 1 to ${maxEntrySize}`,
  );
}

function checkLongLines(longLines: unknown): 'split' | 'refuse' {
  if (longLines === 'split' || longLines === 'refuse') return longLines;
  throw new InvalidArgumentError('options.longLines', longLines, "'split' or 'refuse'");
}

function checkCallback(name: string, value: unknown): void {
  if (value === undefined || typeof value === 'function') return;
  throw new InvalidArgumentError(`options.${name}`, value, 'a function');
}
