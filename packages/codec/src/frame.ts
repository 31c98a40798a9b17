import { WORD_BYTES } from './command.js';
import {
  decodeEntryHeader,
  type Entry,
  FLAG_VALUES,
  FRAME_BYTES,
  FRAME_ID_OFFSET,
  FRAME_LENGTH_OFFSET,
  LENGTH_MASK,
} from './entry.js';
import {
  decodeEnumeratedBlock,
  enumeratedBlockSize,
  VALUE_BLOCK_HEADER_BYTES,
} from './enumerated-block.js';
import { DecodeError } from './errors.js';
import { readU64 } from './u64.js';

/** A decoded NEW_ENTRY command: an entry and its id (§5). */
export interface Frame {
  /** The id of the entry, which counts up from 1 on each connection. */
  readonly id: number;
  readonly entry: Entry;
}

/**
 * Returns the size of the NEW_ENTRY frame at `offset`, as far as the `available` bytes from there on
 * determine it. If the result is more than `available`, call it again when that many bytes are there.
 *
 * @throws {DecodeError} if the header of its enumerated values is malformed, as soon as it is there.
 */
export function frameSize(bytes: Uint8Array, offset: number, available: number): number {
  if (available < FRAME_BYTES) return FRAME_BYTES;
  const header = new DataView(bytes.buffer, bytes.byteOffset + offset, FRAME_BYTES);
  const lengthAndFlags = header.getUint32(FRAME_LENGTH_OFFSET, true);
  const dataEnd = FRAME_BYTES + (lengthAndFlags & LENGTH_MASK);
  if ((lengthAndFlags & FLAG_VALUES) === 0) return dataEnd;
  const block = enumeratedBlockSize(bytes, offset + dataEnd, available - dataEnd);
  return dataEnd + (block ?? VALUE_BLOCK_HEADER_BYTES);
}

/**
 * Decodes a whole NEW_ENTRY frame (§5). The bytes are copied.
 *
 * @throws {DecodeError} if the frame is malformed.
 */
export function decodeFrame(frame: Uint8Array): Frame {
  if (frame.length < FRAME_BYTES || frameSize(frame, 0, frame.length) !== frame.length) {
    throw new DecodeError('frame', `its header does not match its ${frame.length} bytes`);
  }
  const { dataLength, hasValues, ...header } = decodeEntryHeader(frame.subarray(WORD_BYTES));
  const dataEnd = FRAME_BYTES + dataLength;
  return {
    id: readU64(Buffer.from(frame.buffer, frame.byteOffset, FRAME_BYTES), FRAME_ID_OFFSET),
    entry: {
      ...header,
      data: Buffer.from(frame.subarray(FRAME_BYTES, dataEnd)),
      enumeratedValues: hasValues ? decodeEnumeratedBlock(frame.subarray(dataEnd)) : [],
    },
  };
}
