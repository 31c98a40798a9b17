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

/** An entry as it stands on the wire, with its id. */
export interface Frame {
  /** Counts up from 1 on each connection. */
  readonly id: number;
  readonly entry: Entry;
}

/**
 * How many bytes the NEW_ENTRY frame at `offset` has, as far as the `available` bytes from there
 * on tell. A result above `available` means: wait until so many are there, then ask again.
 *
 * @throws {DecodeError} if the head of its enumerated values is malformed, as soon as it is there.
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
 * Reads a whole NEW_ENTRY frame. The bytes are copied.
 *
 * @throws {DecodeError} if it is malformed.
 */
export function decodeFrame(frame: Uint8Array): Frame {
  if (frame.length < FRAME_BYTES || frameSize(frame, 0, frame.length) !== frame.length) {
    throw new DecodeError('frame', `its ${frame.length} bytes are not what its header says`);
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
