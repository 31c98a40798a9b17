import { areGone, GONE, isBytes } from './bytes.js';
import {
  type EnumeratedInput,
  encodeEnumeratedBlock,
  MAX_BLOCK_BYTES,
  viewEnumeratedBlock,
} from './enumerated-block.js';
import type { EnumeratedValue } from './enumerated-value.js';
import { DecodeError, InvalidEntryError, LimitError, OversizedEntryError } from './errors.js';
import { Source, type SourceInput } from './source.js';
import { decodeTimestamp, encodeTimestamp, Timestamp, type TimestampInput } from './timestamp.js';

/** The size of an entry's header (§5). */
export const HEADER_BYTES = 34;

/** What stands before the data of a frame: the NEW_ENTRY word, the header and the id. */
export const FRAME_BYTES = 46;

/** The most data that an entry can carry. */
export const MAX_DATA_BYTES = 2 ** 30 - 1;

/** In the header's first word: the source is four bytes of IPv4. */
export const FLAG_IPV4 = 0x80000000;

/** In the header's first word: a block of enumerated values follows the data. */
export const FLAG_VALUES = 0x40000000;

/** In the header's first word: the length of the data. */
export const LENGTH_MASK = 0x3fffffff;

/** Where a frame has the header's first word: its flags and the length of the data. */
export const FRAME_LENGTH_OFFSET = 4;
/** Where a frame has the seconds of its timestamp. */
export const FRAME_SECONDS_OFFSET = 8;
/** Where a frame has the nanoseconds of its timestamp. */
export const FRAME_NANOSECONDS_OFFSET = 16;
/** Where a frame has its tag. */
export const FRAME_TAG_OFFSET = 20;
/** Where a frame has its source. */
export const FRAME_SOURCE_OFFSET = 22;
/** Where a frame has its id. */
export const FRAME_ID_OFFSET = 38;

const MAX_TAG = 0xffff;
const SECONDS_OFFSET = 4;
const TAG_OFFSET = 16;
const SOURCE_OFFSET = 18;

/** What an entry is made from. */
export interface EntryInput {
  readonly timestamp: TimestampInput;
  /** The number of the tag, 0..65535. */
  readonly tag: number;
  /** At most {@link MAX_DATA_BYTES}; a string is encoded as UTF-8. */
  readonly data: Uint8Array | string;
  /** Where it comes from: encoded as sixteen zeros if left out. */
  readonly source?: SourceInput | undefined;
  readonly enumeratedValues?: EnumeratedInput | undefined;
}

/** An entry as it was read. It can be encoded again as it is. */
export interface Entry {
  readonly timestamp: Timestamp;
  readonly tag: number;
  readonly data: Buffer;
  /** Sixteen zeros read as `::`. */
  readonly source: Source;
  readonly enumeratedValues: readonly EnumeratedValue[];
}

/** What the header of an entry says (§5). */
export interface EntryHeader {
  readonly timestamp: Timestamp;
  readonly tag: number;
  readonly source: Source;
  /** The length of the data that follow: 0..{@link MAX_DATA_BYTES}. */
  readonly dataLength: number;
  /** Whether a block of enumerated values follows the data. */
  readonly hasValues: boolean;
}

/**
 * Encodes an entry: its header, data and enumerated values (§5), without command and id.
 *
 * @throws {InvalidTimestampError} if the timestamp is none of what one can be made from.
 * @throws {InvalidSourceError} if the source is not an address.
 * @throws {InvalidEnumeratedValueError} if an enumerated value is out of bounds.
 * @throws {InvalidEntryError} if the tag is no number of a tag, or the data are neither bytes nor text,
 * or bytes whose memory is gone.
 * @throws {OversizedEntryError} if there are over {@link MAX_DATA_BYTES} of data.
 * @throws {OversizedEnumeratedBlockError} if there are too many enumerated values.
 */
export function encodeEntry(entry: EntryInput): Buffer {
  const { tag, data } = entry;
  if (!Number.isInteger(tag) || tag < 0 || tag > MAX_TAG) {
    throw new InvalidEntryError('tag', tag, `it is a number from 0 to ${MAX_TAG}`);
  }
  if (typeof data !== 'string' && !isBytes(data)) {
    throw new InvalidEntryError('data', data, 'they are a Uint8Array or a string');
  }
  if (typeof data !== 'string' && areGone(data)) throw new InvalidEntryError('data', data, GONE);
  const dataLength = typeof data === 'string' ? Buffer.byteLength(data) : data.length;
  if (dataLength > MAX_DATA_BYTES) throw new OversizedEntryError(dataLength, MAX_DATA_BYTES);
  const timestamp = Timestamp.from(entry.timestamp);
  const source = entry.source === undefined ? undefined : Source.from(entry.source);
  const block = encodeEnumeratedBlock(entry.enumeratedValues ?? []);

  const target = Buffer.allocUnsafe(HEADER_BYTES + dataLength + block.length);
  const flags = (source?.isIPv4 ? FLAG_IPV4 : 0) + (block.length > 0 ? FLAG_VALUES : 0);
  target.writeUInt32LE(dataLength + flags, 0);
  encodeTimestamp(timestamp, target, SECONDS_OFFSET);
  target.writeUInt16LE(tag, TAG_OFFSET);
  if (source === undefined) target.fill(0, SOURCE_OFFSET, HEADER_BYTES);
  else source.writeTo(target, SOURCE_OFFSET);
  if (typeof data === 'string') target.write(data, HEADER_BYTES);
  else target.set(data, HEADER_BYTES);
  target.set(block, HEADER_BYTES + dataLength);
  return target;
}

/**
 * Reads an entry, which must be exactly `bytes`. They are copied once: the entry does not change with them.
 *
 * @throws {DecodeError} if they are anything else.
 */
export function decodeEntry(bytes: Uint8Array): Entry {
  const { timestamp, tag, source, dataLength, hasValues } = decodeEntryHeader(bytes);
  const dataEnd = HEADER_BYTES + dataLength;
  if (hasValues ? bytes.length < dataEnd : bytes.length !== dataEnd) {
    throw new DecodeError(
      'entry',
      `its data of ${dataLength} bytes are not what follows its header`,
    );
  }
  if (bytes.length - dataEnd > MAX_BLOCK_BYTES) {
    throw new LimitError('enumerated value block', bytes.length - dataEnd, MAX_BLOCK_BYTES);
  }
  const own = Buffer.from(bytes);
  return {
    timestamp,
    tag,
    source,
    data: own.subarray(HEADER_BYTES, dataEnd),
    enumeratedValues: hasValues ? viewEnumeratedBlock(own.subarray(dataEnd)) : [],
  };
}

/**
 * Reads the header that `bytes` start with.
 *
 * @throws {DecodeError} if there are fewer than {@link HEADER_BYTES}, or the time is beyond what a
 * {@link Timestamp} holds.
 */
export function decodeEntryHeader(bytes: Uint8Array): EntryHeader {
  if (bytes.length < HEADER_BYTES) {
    throw new DecodeError('entry', `its header has ${bytes.length} of ${HEADER_BYTES} bytes`);
  }
  const header = Buffer.from(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const flags = header.readUInt32LE(0);
  const sourceEnd = (flags & FLAG_IPV4) !== 0 ? SOURCE_OFFSET + 4 : HEADER_BYTES;
  return {
    timestamp: decodeTimestamp(header, SECONDS_OFFSET),
    tag: header.readUInt16LE(TAG_OFFSET),
    source: Source.fromBytes(header.subarray(SOURCE_OFFSET, sourceEnd)),
    dataLength: flags & LENGTH_MASK,
    hasValues: (flags & FLAG_VALUES) !== 0,
  };
}
