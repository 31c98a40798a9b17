import { type DiskFile, isZero, readFully, readPieces } from '../disk/disk.js';
import {
  decodePreamble,
  decodeSegmentHeader,
  isFormatDamaged,
  SEGMENT_HEADER_BYTES,
  type SegmentHeader,
} from './segment-format.js';

/** The header of a segment of this format, its size and its checksum. */
export interface Start {
  readonly kind: 'segment';
  readonly header: SegmentHeader;
  readonly headerBytes: number;
  readonly crc: number;
}

/**
 * Reads the beginning of a segment's file. Throws the error of the system.
 * @returns `empty`: nothing in it was ever finished
 */
export function readStart(
  file: DiskFile,
  size: number,
): Start | { kind: 'newer'; format: number } | { kind: 'empty' } | { kind: 'corrupt' } {
  if (size < SEGMENT_HEADER_BYTES) return { kind: 'empty' };
  const bytes = Buffer.alloc(SEGMENT_HEADER_BYTES);
  readFully(file, bytes, 0);
  if (isZero(bytes)) {
    return isFileZero(file, size) ? { kind: 'empty' } : { kind: 'corrupt' };
  }
  const preamble = decodePreamble(bytes);
  if (preamble.kind === 'corrupt') return preamble;
  const headerBytes = SEGMENT_HEADER_BYTES + preamble.bodyBytes;
  const body = headerBytes > size ? undefined : Buffer.alloc(preamble.bodyBytes);
  if (body !== undefined) readFully(file, body, SEGMENT_HEADER_BYTES);
  if (preamble.kind === 'other') {
    const isDamaged = preamble.format === 0 || (body && isFormatDamaged(bytes, body));
    return isDamaged ? { kind: 'corrupt' } : { kind: 'newer', format: preamble.format };
  }
  const header = body && decodeSegmentHeader(bytes, body);
  if (header === undefined) return { kind: 'corrupt' };
  return { kind: 'segment', header, headerBytes, crc: preamble.crc };
}

function isFileZero(file: DiskFile, size: number): boolean {
  for (const piece of readPieces(file, 0, size)) if (!isZero(piece)) return false;
  return true;
}
