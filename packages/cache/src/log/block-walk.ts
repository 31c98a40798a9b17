import { crc32c } from '@node-rs/crc32';
import { type DiskFile, isZero, PIECE_BYTES, readFully, readPieces } from '../disk/disk.js';
import {
  BLOCK_HEADER_BYTES,
  BLOCK_MAGIC,
  type BlockHeader,
  blockBytes,
  decodeBlockHeader,
  sequenceAfter,
} from '../format/block.js';

/** A part of a segment, at an offset of its file. */
export type Found =
  | { readonly kind: 'block'; readonly offset: number; readonly header: BlockHeader }
  | {
      /** Bytes that are not a valid header, where one block or several were. */
      readonly kind: 'damage';
      readonly offset: number;
      readonly bytes: number;
      /** How many entries are lost; `undefined`: no block follows whose sequence would show it. */
      readonly entries: number | undefined;
    }
  /** The beginning of a block that was never finished; nothing follows. */
  | { readonly kind: 'torn'; readonly offset: number; readonly bytes: number };

/** The part of a segment to walk. */
export interface Range {
  readonly start: number;
  readonly end: number;
  /** The checksum of the segment's header. */
  readonly crc: number;
  /** The sequence of the first entry. */
  readonly sequence: number;
}

/**
 * Walks the headers of a range. Where no valid header is, it searches for the next one, byte by byte. A
 * header whose sequence is too low does not count: it is data of an entry that looks like a block.
 */
export function* walkBlocks(file: DiskFile, range: Range): Generator<Found> {
  const { end, crc } = range;
  const bytes = Buffer.allocUnsafe(BLOCK_HEADER_BYTES);
  let offset = range.start;
  let sequence = range.sequence;
  while (offset < end) {
    if (end - offset < BLOCK_HEADER_BYTES) {
      yield { kind: 'torn', offset, bytes: end - offset };
      return;
    }
    readFully(file, bytes, offset);
    const header = decodeBlockHeader(bytes, crc);
    if (header !== undefined && header.sequence >= sequence) {
      if (offset + blockBytes(header.payloadBytes) > end) {
        yield { kind: 'torn', offset, bytes: end - offset };
        return;
      }
      yield { kind: 'block', offset, header };
      offset += blockBytes(header.payloadBytes);
      sequence = sequenceAfter(header);
      continue;
    }
    const isUnfinished = isZero(bytes);
    const next = findBlock(file, { start: offset + 1, end, crc, sequence });
    if (next === undefined) {
      const rest = { offset, bytes: end - offset };
      yield isUnfinished
        ? { kind: 'torn', ...rest }
        : { kind: 'damage', ...rest, entries: undefined };
      return;
    }
    const entries = next.sequence - sequence;
    yield { kind: 'damage', offset, bytes: next.offset - offset, entries };
    offset = next.offset;
    sequence = next.sequence;
  }
}

interface Next {
  readonly offset: number;
  readonly sequence: number;
}

function findBlock(file: DiskFile, { start, end, crc, sequence }: Range): Next | undefined {
  const buffer = Buffer.allocUnsafe(Math.min(PIECE_BYTES, end - start));
  const step = buffer.length - BLOCK_HEADER_BYTES + 1;
  for (let from = start; from + BLOCK_HEADER_BYTES <= end; from += step) {
    const piece = buffer.subarray(0, Math.min(buffer.length, end - from));
    readFully(file, piece, from);
    const last = piece.length - BLOCK_HEADER_BYTES;
    let at = piece.indexOf(BLOCK_MAGIC);
    while (at !== -1 && at <= last) {
      const header = decodeBlockHeader(piece.subarray(at, at + BLOCK_HEADER_BYTES), crc);
      if (header !== undefined && header.sequence >= sequence) {
        return { offset: from + at, sequence: header.sequence };
      }
      at = piece.indexOf(BLOCK_MAGIC, at + 1);
    }
  }
  return undefined;
}

/** Whether the payload of a block has the checksum in its header. It is read in pieces. */
export function isPayloadIntact(file: DiskFile, offset: number, header: BlockHeader): boolean {
  const start = offset + BLOCK_HEADER_BYTES;
  let crc = 0;
  for (const piece of readPieces(file, start, start + header.payloadBytes)) {
    crc = crc32c(piece, crc);
  }
  return crc === header.payloadCrc;
}
