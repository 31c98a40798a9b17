import { types } from 'node:util';
import {
  areGone,
  GONE,
  GRAVWELL_TAG,
  InvalidEntryError,
  isBytes,
  MAX_DATA_BYTES,
  OversizedEntryError,
  type SourceInput,
  Timestamp,
  type TimestampInput,
} from '@ringest/codec';
import { BatchError, InvalidArgumentError } from '../errors.js';
import type { WaitOptions } from '../wait.js';
import { CheckedEntry, type EntryExtras } from './checked-entry.js';
import type { MuxerTags } from './muxer-tags.js';
import { type PackedColumns, PackedRun, type PackedTimes } from './packed-run.js';
import type { TimestampWindow } from './timestamp-window.js';
import { isUnixTime } from './unix-time.js';

/** What packed entries have besides their data. */
export interface PackedOptions extends WaitOptions {
  /** The tag of all entries. Either this or `tags` must be given. */
  readonly tag?: number;
  /** A tag for each entry. */
  readonly tags?: Uint16Array;
  /** The time of all entries. Without it and without `timestamps`: now. */
  readonly timestamp?: TimestampInput;
  /** A time for each entry. */
  readonly timestamps?: PackedTimes;
  /** The source of all entries. Default: as for `writeEntry`. */
  readonly source?: SourceInput;
}

const NO_DATA = new Uint8Array(0);

/** Checks packed entries, and makes runs of them. */
export class PackedEntries {
  readonly #tags: MuxerTags;
  readonly #parts: CheckedEntry;
  readonly #maxBytes: number;
  readonly #window: TimestampWindow | undefined;

  constructor(tags: MuxerTags, extras: EntryExtras) {
    this.#tags = tags;
    this.#maxBytes = extras.maxEntrySize ?? MAX_DATA_BYTES;
    this.#window = extras.window;
    this.#parts = new CheckedEntry(tags, extras);
  }

  /** Checks all arguments of `IngestMuxer.writePacked`, and throws what that throws. */
  check(bytes: Uint8Array, offsets: Uint32Array, options: PackedOptions): PackedRun {
    if (typeof options !== 'object' || options === null) {
      throw new InvalidArgumentError('options', options, '{ tag }, see PackedOptions');
    }
    const { tag, tags, timestamp, timestamps: times, source } = options;
    if ((tag === undefined) === (tags === undefined)) {
      throw new InvalidArgumentError('options.tag', tag, 'either a tag for all entries, or tags');
    }
    if (timestamp !== undefined && times !== undefined) {
      const wanted = 'either a time for all entries, or timestamps';
      throw new InvalidArgumentError('options.timestamp', timestamp, wanted);
    }
    const packed = checkColumns(bytes, offsets, tags, times);
    checkEntries(packed, this.#tags, this.#maxBytes);
    const columns = {
      tags: packed.tags,
      times: packed.times && timesWithin(packed.times, this.#window),
    };
    this.#parts.check({
      // Without any entry, there is no tag that could be wrong.
      tag: packed.tags === undefined ? (tag as number) : (packed.tags[0] ?? GRAVWELL_TAG),
      timestamp: timestamp === undefined ? Timestamp.now() : timestamp,
      data: NO_DATA,
      ...(source !== undefined && { source }),
    });
    return new PackedRun(bytes, packed.offsets, columns, this.#parts);
  }
}

/** Packed entries whose columns no other thread can change. */
interface Packed extends PackedColumns {
  /** Bytes of all entries. */
  readonly byteLength: number;
  readonly offsets: Uint32Array;
}

/**
 * Checks the types and lengths of packed entries.
 * @returns their columns, in a copy where another thread could change them after they are checked
 * @throws {InvalidArgumentError} an argument has the wrong type or length
 */
function checkColumns(
  bytes: Uint8Array,
  offsets: Uint32Array,
  tags: Uint16Array | undefined,
  times: PackedTimes | undefined,
): Packed {
  if (!isBytes(bytes)) throw new InvalidArgumentError('bytes', bytes, 'a Uint8Array');
  if (areGone(bytes)) throw new InvalidArgumentError('bytes', bytes, `bytes with memory: ${GONE}`);
  if (!(offsets instanceof Uint32Array) || offsets.length === 0) {
    throw new InvalidArgumentError(
      'offsets',
      offsets,
      'a Uint32Array with the beginning of each entry, and the end of the last one',
    );
  }
  const own = unshared(offsets);
  const count = own.length - 1;
  return {
    byteLength: bytes.length,
    offsets: own,
    tags: tags === undefined ? undefined : checkColumn('options.tags', tags, Uint16Array, count),
    times: times === undefined ? undefined : checkTimes(times, count),
  };
}

/** @throws {BatchError} an entry cannot be written: its offsets, its size, its tag or its time */
function checkEntries(
  { byteLength, offsets, tags, times }: Packed,
  known: MuxerTags,
  maxBytes: number,
): void {
  let lastTag = -1;
  for (let i = 0; i < offsets.length - 1; i++) {
    const from = offsets[i] as number;
    const to = offsets[i + 1] as number;
    if (to < from || to > byteLength) {
      const wanted = 'give offsets that do not fall, and do not pass the end of the bytes';
      throw new BatchError(i, new InvalidEntryError('offsets', [from, to], wanted));
    }
    if (to - from > maxBytes) {
      throw new BatchError(i, new OversizedEntryError(to - from, maxBytes));
    }
    const tag = tags?.[i];
    if (tag !== undefined && tag !== lastTag) {
      if (!known.has(tag)) throw new BatchError(i, known.problem(tag));
      lastTag = tag;
    }
    if (times !== undefined) checkTime(times, i);
  }
}

function checkTimes(times: PackedTimes, count: number): PackedTimes {
  if (typeof times !== 'object' || times === null) {
    throw new InvalidArgumentError('options.timestamps', times, '{ seconds }, see PackedTimes');
  }
  const { seconds, nanoseconds } = times;
  const name = 'options.timestamps';
  return {
    seconds: checkColumn(`${name}.seconds`, seconds, Float64Array, count),
    ...(nanoseconds !== undefined && {
      nanoseconds: checkColumn(`${name}.nanoseconds`, nanoseconds, Uint32Array, count),
    }),
  };
}

/** Returns the column, in a copy if another thread could change it. */
function checkColumn<Column extends Uint16Array | Uint32Array | Float64Array>(
  name: string,
  column: unknown,
  type: { new (length: number): Column },
  count: number,
): Column {
  if (column instanceof type) {
    const own = unshared(column);
    if (own.length === count) return own;
  }
  throw new InvalidArgumentError(
    name,
    column,
    `a ${type.name} with a number for each of ${count} entries`,
  );
}

function unshared<Column extends Uint16Array | Uint32Array | Float64Array>(column: Column): Column {
  return types.isSharedArrayBuffer(column.buffer) ? (column.slice() as Column) : column;
}

/** The times, in a copy if any of them is outside of the window. */
function timesWithin(times: PackedTimes, window: TimestampWindow | undefined): PackedTimes {
  if (window === undefined) return times;
  const { seconds, nanoseconds } = times;
  const now = Date.now();
  const time = { seconds: 0, nanoseconds: 0 };
  let changed: Required<PackedTimes> | undefined;
  for (let i = 0; i < seconds.length; i++) {
    time.seconds = seconds[i] as number;
    time.nanoseconds = nanoseconds === undefined ? 0 : (nanoseconds[i] as number);
    if (!window.apply(time, now)) continue;
    changed ??= {
      seconds: seconds.slice(),
      nanoseconds: nanoseconds?.slice() ?? new Uint32Array(seconds.length),
    };
    changed.seconds[i] = time.seconds;
    changed.nanoseconds[i] = time.nanoseconds;
  }
  return changed ?? times;
}

function checkTime({ seconds, nanoseconds }: PackedTimes, i: number): void {
  const second = seconds[i] as number;
  const nanosecond = nanoseconds === undefined ? 0 : (nanoseconds[i] as number);
  if (isUnixTime(second, nanosecond)) return;
  try {
    new Timestamp(second, nanosecond);
  } catch (error) {
    throw new BatchError(i, error);
  }
}
