import { FRAME_BYTES, type TimestampInput } from '@ringest/codec';
import {
  type EntryRun,
  type FrameParts,
  type FrameStage,
  MAX_STAGED_BYTES,
  MAX_STAGED_ENTRIES,
  MAX_TAIL_BYTES,
} from '@ringest/workers';
import { LineRefusedError } from '../errors.js';
import type { TimestampWindow } from './timestamp-window.js';
import { setUnixTime } from './unix-time.js';

const CARRIAGE_RETURN = 13;
const LINE_FEED = 10;

/**
 * Returns the time of a line: of the bytes of `chunk` from `from` up to `to`, without the delimiter. Of a
 * line that is split, these are the bytes of the first entry. The chunk must not be kept or changed. What
 * the function throws, or a time that is not valid, refuses the line. It may be called more than once for
 * a line, and cannot write with the same muxer: that throws a `NestedWriteError`.
 */
export type LineTime = (chunk: Uint8Array, from: number, to: number) => TimestampInput;

/** How lines become entries. */
export interface LineRules {
  /** 1 to 16 bytes. */
  readonly delimiter: Buffer;
  readonly keepEmpty: boolean;
  readonly maxLineBytes: number;
  /** Whether a longer line becomes several entries; else it is refused. */
  readonly splitsLong: boolean;
  /** `undefined`: all lines of a chunk have the time that they have in common. */
  readonly timeOf: LineTime | undefined;
  /** What the times of `timeOf` must be within. */
  readonly window: TimestampWindow | undefined;
  /** Gets each line that is refused. */
  refused(error: LineRefusedError): void;
}

/** Where a stream of bytes is within its lines. */
export interface LinePosition {
  /** What comes next goes on with a line of which a part is an entry already, with this time. */
  continues: boolean;
  seconds: number;
  nanoseconds: number;
  /** What comes next belongs to a line that was refused. */
  discards: boolean;
}

/** The whole lines of a chunk. Its beginning is that of a line, unless the position says otherwise. */
export class LineRun implements EntryRun {
  readonly tag: number;
  readonly #rules: LineRules;
  readonly #common: FrameParts;
  readonly #position: LinePosition;
  readonly #chunk: Buffer;
  readonly #isLastLine: boolean;
  readonly #next: LineParts;
  /** The beginning of the next line. */
  #at = 0;
  #isDone = false;
  #written = 0;
  /** The lines that `stage` has staged: how many, from where, and up to where. */
  #staged = 0;
  #stagedFrom = 0;
  #stagedTo = 0;
  /** Whether these are all whole lines that are left, and what comes behind them need not be written yet. */
  #areStagedLast = false;
  /** What is done with the entry of `next`, and whether its line goes on there. */
  #nextTo = 0;
  #nextContinues = false;

  /**
   * @param common what the entries have in common; its data does not matter
   * @param isLastLine the chunk is one line without a delimiter, and its end is that of the line
   */
  constructor(
    rules: LineRules,
    common: FrameParts,
    chunk: Buffer,
    position: LinePosition,
    isLastLine: boolean,
  ) {
    this.#rules = rules;
    this.#common = common;
    this.#chunk = chunk;
    this.#position = position;
    this.#isLastLine = isLastLine;
    this.#next = { ...partsOf(common), data: chunk };
    this.tag = common.tag;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Entries that are written. */
  get written(): number {
    return this.#written;
  }

  /** What is left once the run is done: the beginning of a line. */
  get rest(): Buffer {
    return this.#chunk.subarray(this.#at);
  }

  stage(stage: FrameStage, maxFrame: number): void {
    const { delimiter, keepEmpty, maxLineBytes, timeOf } = this.#rules;
    const { continues, discards } = this.#position;
    const common = this.#common;
    const valuesBytes = common.values === undefined ? 0 : common.values.length;
    this.#staged = 0;
    this.#stagedFrom = this.#at;
    this.#stagedTo = this.#at;
    this.#areStagedLast = false;
    if (this.#isLastLine || continues || discards || valuesBytes > MAX_TAIL_BYTES) return;
    const bytes = Math.min(MAX_STAGED_BYTES, this.#chunk.length - this.#at);
    const mostBytes = Math.min(maxLineBytes, maxFrame - FRAME_BYTES - valuesBytes);
    stage.copyBodies(this.#chunk, this.#at, this.#at + bytes);
    const to = stage.splitCopied(bytes, common, delimiter, keepEmpty, mostBytes);
    this.#stagedTo = this.#at + to;
    this.#staged = stage.count;
    // Otherwise it stopped before a line that is too long, or had no record for the next one.
    const isRestShort = bytes - to <= mostBytes && stage.count < MAX_STAGED_ENTRIES;
    this.#areStagedLast = isRestShort && this.#at + bytes === this.#chunk.length;
    if (timeOf !== undefined) this.#stageTimes(stage, timeOf);
  }

  passed(entries: number, stage: FrameStage): void {
    const isAll = entries === this.#staged;
    this.#at = isAll ? this.#stagedTo : this.#stagedFrom + stage.offset(entries);
    this.#written += entries;
    if (isAll && this.#areStagedLast) this.#isDone = true;
  }

  next(): FrameParts | undefined {
    const { delimiter, keepEmpty, maxLineBytes, splitsLong } = this.#rules;
    const position = this.#position;
    while (!this.#isDone) {
      const from = this.#at;
      const { length } = this.#chunk;
      const found = this.#isLastLine ? length : this.#chunk.indexOf(delimiter, from);
      const isWhole = found !== -1 && from < length;
      const end = isWhole ? this.#withoutCarriageReturn(from, found) : length;
      const after = isWhole ? Math.min(found + delimiter.length, length) : length;
      // Of an end that is not there yet, some bytes may be: of the delimiter, or a carriage return.
      const uncertain = isWhole ? 0 : Math.max(1, delimiter.length - 1);
      const isLong = end - from - uncertain > maxLineBytes;
      if (position.discards) {
        this.#discard(isWhole, after);
      } else if (isLong && !splitsLong) {
        this.#refuse(new LineRefusedError('length', end - from, maxLineBytes));
        this.#discard(isWhole, after);
      } else if (isLong) {
        if (this.#take(from, from + maxLineBytes, from + maxLineBytes, true)) return this.#next;
      } else if (!isWhole) {
        this.#isDone = true;
      } else if (end === from && (position.continues || !keepEmpty)) {
        position.continues = false;
        this.#at = after;
      } else if (this.#take(from, end, after, false)) {
        return this.#next;
      }
    }
    return undefined;
  }

  passedNext(): void {
    const { seconds, nanoseconds } = this.#next;
    const position = this.#position;
    position.continues = this.#nextContinues;
    position.seconds = seconds;
    position.nanoseconds = nanoseconds;
    this.#at = this.#nextTo;
    this.#written++;
  }

  #withoutCarriageReturn(from: number, found: number): number {
    const { delimiter } = this.#rules;
    const isLineFeed = delimiter.length === 1 && delimiter[0] === LINE_FEED;
    const hasReturn = found > from && this.#chunk[found - 1] === CARRIAGE_RETURN;
    return isLineFeed && hasReturn ? found - 1 : found;
  }

  /** Passes over a line that is refused, or what is here of it: a part of its delimiter stays. */
  #discard(isWhole: boolean, after: number): void {
    this.#position.discards = !isWhole;
    if (!isWhole) this.#isDone = true;
    const kept = isWhole ? 0 : this.#rules.delimiter.length - 1;
    this.#at = Math.max(this.#at, after - kept);
  }

  /** Makes bytes the next entry. Returns false when it has no time: then its line is refused. */
  #take(from: number, to: number, after: number, continues: boolean): boolean {
    const { timeOf } = this.#rules;
    const position = this.#position;
    const next = this.#next;
    next.data = this.#chunk.subarray(from, to);
    this.#nextTo = after;
    this.#nextContinues = continues;
    if (position.continues || timeOf === undefined) {
      const { seconds, nanoseconds } = position.continues ? position : this.#common;
      next.seconds = seconds;
      next.nanoseconds = nanoseconds;
      return true;
    }
    try {
      setUnixTime(next, timeOf(this.#chunk, from, to));
      this.#rules.window?.apply(next);
      return true;
    } catch (error) {
      this.#at = after;
      position.discards = continues;
      this.#refuse(new LineRefusedError('time', to - from, this.#rules.maxLineBytes, error));
      return false;
    }
  }

  /** Gives staged lines their times. One that has none goes alone, where it is refused. */
  #stageTimes(stage: FrameStage, timeOf: LineTime): void {
    const { window } = this.#rules;
    const now = window === undefined ? 0 : Date.now();
    const time = { seconds: 0, nanoseconds: 0 };
    for (let i = 0; i < this.#staged; i++) {
      const from = this.#stagedFrom + stage.offset(i);
      try {
        setUnixTime(time, timeOf(this.#chunk, from, from + stage.dataBytes(i)));
      } catch {
        stage.truncate(i, 0);
        this.#staged = i;
        this.#stagedTo = from;
        this.#areStagedLast = false;
        return;
      }
      window?.apply(time, now);
      stage.setTime(i, time.seconds, time.nanoseconds);
    }
  }

  #refuse(error: LineRefusedError): void {
    this.#rules.refused(error);
  }
}

/** One line that goes alone. */
type LineParts = { -readonly [Part in keyof FrameParts]: FrameParts[Part] };

/** A copy: the parts of a checked entry change with the next one that is checked. */
function partsOf({ seconds, nanoseconds, tag, source, data, values }: FrameParts): LineParts {
  return { seconds, nanoseconds, tag, source, data, values };
}
