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

/** The bytes of an entry's header (§5). */
export const HEADER_BYTES = 34;

/** The bytes of a frame before its data: the NEW_ENTRY word, the header and the id (§5). */
export const FRAME_BYTES = 46;

/** The most bytes of data in an entry (§5). */
export const MAX_DATA_BYTES = 2 ** 30 - 1;

/** The bit in the first word of the header that says that the source is an IPv4 address (§5). */
export const FLAG_IPV4 = 0x80000000;

/** The bit in the first word of the header that says that enumerated values follow the data (§5). */
export const FLAG_VALUES = 0x40000000;

/** The bits in the first word of the header that hold the length of the data (§5). */
export const LENGTH_MASK = 0x3fffffff;

/** The offset in a frame of the first word of the header: its flags and the length of the data. */
export const FRAME_LENGTH_OFFSET = 4;
/** The offset in a frame of the seconds of the timestamp. */
export const FRAME_SECONDS_OFFSET = 8;
/** The offset in a frame of the nanoseconds of the timestamp. */
export const FRAME_NANOSECONDS_OFFSET = 16;
/** The offset in a frame of the tag. */
export const FRAME_TAG_OFFSET = 20;
/** The offset in a frame of the source. */
export const FRAME_SOURCE_OFFSET = 22;
/** The offset in a frame of the id. */
export const FRAME_ID_OFFSET = 38;

const MAX_TAG = 0xffff;
const SECONDS_OFFSET = 4;
const TAG_OFFSET = 16;
const SOURCE_OFFSET = 18;

/** An entry to be written. */
export interface EntryInput {
  /** The time of the entry. */
  readonly timestamp: TimestampInput;
  /** The number of the tag: of a muxer if the entry is written to one, else of the indexer; 0..65535. */
  readonly tag: number;
  /** The data, at most {@link MAX_DATA_BYTES} bytes. A string is encoded as UTF-8. */
  readonly data: Uint8Array | string;
  /** The address that the entry comes from. A muxer has a default; otherwise it is encoded as sixteen zeros. */
  readonly source?: SourceInput | undefined;
  /** The enumerated values of the entry (§6). Default: none. */
  readonly enumeratedValues?: EnumeratedInput | undefined;
}

/** A decoded entry. It can be encoded again. */
export interface Entry {
  readonly timestamp: Timestamp;
  /** The indexer's number of the tag. */
  readonly tag: number;
  readonly data: Buffer;
  /** The address that the entry comes from. Sixteen zeros are read as `::`. */
  readonly source: Source;
  readonly enumeratedValues: readonly EnumeratedValue[];
}

/** The decoded header of an entry (§5). */
export interface EntryHeader {
  readonly timestamp: Timestamp;
  readonly tag: number;
  readonly source: Source;
  /** The length of the data in bytes: 0..{@link MAX_DATA_BYTES}. */
  readonly dataLength: number;
  /** Whether a block of enumerated values follows the data. */
  readonly hasValues: boolean;
}

/**
 * Encodes an entry: its header, data and enumerated values (§5), without command and id.
 *
 * @throws {InvalidTimestampError} if the timestamp is not a valid {@link TimestampInput}.
 * @throws {InvalidSourceError} if the source is not an address.
 * @throws {InvalidEnumeratedValueError} if an enumerated value is out of bounds.
 * @throws {InvalidEntryError} if the tag is not 0..65535, or the data is neither bytes nor text, or its
 * memory is gone.
 * @throws {OversizedEntryError} if there are over {@link MAX_DATA_BYTES} bytes of data.
 * @throws {OversizedEnumeratedBlockError} if there are too many enumerated values.
 */
export function encodeEntry(entry: EntryInput): Buffer {
  const { tag, data } = entry;
  if (!Number.isInteger(tag) || tag < 0 || tag > MAX_TAG) {
    throw new InvalidEntryError('tag', tag, `give a whole number from 0 to ${MAX_TAG}`);
  }
  if (typeof data !== 'string' && !isBytes(data)) {
    throw new InvalidEntryError('data', data, 'give a Uint8Array or a string');
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
 * Decodes an entry, which must take all of `bytes` (§5). The bytes are copied.
 *
 * @throws {DecodeError} if the entry is malformed, or shorter or longer than `bytes`.
 */
export function decodeEntry(bytes: Uint8Array): Entry {
  const { timestamp, tag, source, dataLength, hasValues } = decodeEntryHeader(bytes);
  const dataEnd = HEADER_BYTES + dataLength;
  if (hasValues ? bytes.length < dataEnd : bytes.length !== dataEnd) {
    throw new DecodeError(
      'entry',
      `its header says ${dataLength} bytes of data, and ${bytes.length - HEADER_BYTES} bytes follow it`,
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
 * Decodes the header of an entry at the beginning of `bytes` (§5).
 *
 * @throws {DecodeError} if there are fewer than {@link HEADER_BYTES} bytes, or a {@link Timestamp} cannot
 * hold the time.
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
