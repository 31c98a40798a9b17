import { crc32c } from '@node-rs/crc32';
import { ALIGNMENT, alignedMemory } from '../disk/aligned-memory.js';
import { type DiskFile, PIECE_BYTES, writeFully } from '../disk/disk.js';

/** The kinds of payloads; see the format in `segment-format.ts`. */
export const BlockKind = { frames: 0, tags: 1 } as const;
export type BlockKind = (typeof BlockKind)[keyof typeof BlockKind];

export const BLOCK_HEADER_BYTES = 32;

/** The first bytes of each block. They are not valid UTF-8, so no text contains them. */
export const BLOCK_MAGIC = Buffer.from([0xa3, 0xf2, 0x0c, 0xb1]);
const KIND_OFFSET = 4;
const BYTES_OFFSET = 8;
const COUNT_OFFSET = 12;
const SEQUENCE_OFFSET = 16;
const PAYLOAD_CRC_OFFSET = 24;
const CRC_OFFSET = 28;

/** The longest payload in bytes: its length is a 32-bit number. */
export const MAX_PAYLOAD_BYTES = 2 ** 32 - 1;

export interface BlockHeader {
  readonly kind: BlockKind;
  readonly payloadBytes: number;
  readonly count: number;
  readonly sequence: number;
  readonly payloadCrc: number;
}

/** The size of a whole block in bytes. */
export function blockBytes(payloadBytes: number): number {
  return BLOCK_HEADER_BYTES + payloadBytes;
}

/** The sequence of the next block. */
export function sequenceAfter(header: BlockHeader): number {
  return header.kind === BlockKind.frames ? header.sequence + header.count : header.sequence;
}

/**
 * Writes the header of a block into a buffer.
 * @param segmentCrc the checksum of the segment's header, with which the checksum of the block begins
 */
export function encodeBlockHeader(header: BlockHeader, segmentCrc: number, target: Buffer): void {
  target.set(BLOCK_MAGIC);
  target.writeUInt32LE(header.kind, KIND_OFFSET);
  target.writeUInt32LE(header.payloadBytes, BYTES_OFFSET);
  target.writeUInt32LE(header.count, COUNT_OFFSET);
  target.writeBigUInt64LE(BigInt(header.sequence), SEQUENCE_OFFSET);
  target.writeUInt32LE(header.payloadCrc, PAYLOAD_CRC_OFFSET);
  target.writeUInt32LE(crc32c(target.subarray(0, CRC_OFFSET), segmentCrc), CRC_OFFSET);
}

/** Reads the header of a block; `undefined`: the bytes are not a header of a block of this segment. */
export function decodeBlockHeader(bytes: Buffer, segmentCrc: number): BlockHeader | undefined {
  if (!bytes.subarray(0, BLOCK_MAGIC.length).equals(BLOCK_MAGIC)) return undefined;
  const kind = bytes.readUInt32LE(KIND_OFFSET);
  if (kind !== BlockKind.frames && kind !== BlockKind.tags) return undefined;
  const crc = crc32c(bytes.subarray(0, CRC_OFFSET), segmentCrc);
  if (crc !== bytes.readUInt32LE(CRC_OFFSET)) return undefined;
  return {
    kind,
    payloadBytes: bytes.readUInt32LE(BYTES_OFFSET),
    count: bytes.readUInt32LE(COUNT_OFFSET),
    sequence: Number(bytes.readBigUInt64LE(SEQUENCE_OFFSET)),
    payloadCrc: bytes.readUInt32LE(PAYLOAD_CRC_OFFSET),
  };
}

/** The content of a block before it is written. */
export interface BlockContent {
  readonly kind: BlockKind;
  readonly count: number;
  readonly sequence: number;
  readonly payload: Uint8Array;
}

/** Bytes that are copied, and then summed up while they are still in the processor's caches. */
const SUM_BYTES = 65536;

/**
 * Writes blocks. A payload may be in shared memory, where another thread could change it. So it is copied
 * piece by piece, and both the checksum and the write use the copy. `fill` copies shared memory natively;
 * `set` takes 7 times as long. The copy lies as the disk likes it, see `DiskFile.write`.
 */
export class BlockWriter {
  readonly #staging = alignedMemory(ALIGNMENT + BLOCK_HEADER_BYTES + PIECE_BYTES);

  /**
   * Writes a block at an offset of a file. The header is written last, or together with the payload.
   * Throws the error of the system.
   * @returns the size of the block in bytes
   */
  write(file: DiskFile, at: number, segmentCrc: number, content: BlockContent): number {
    const { payload, ...rest } = content;
    const block = this.#staging.subarray(at % ALIGNMENT);
    const body = block.subarray(BLOCK_HEADER_BYTES, BLOCK_HEADER_BYTES + PIECE_BYTES);
    const isWhole = payload.length <= body.length;
    let payloadCrc = 0;
    for (let from = 0; from < payload.length; from += body.length) {
      const piece = payload.subarray(from, from + body.length);
      payloadCrc = copyAndSum(piece, body, payloadCrc);
      const copy = body.subarray(0, piece.length);
      if (!isWhole) writeFully(file, copy, at + BLOCK_HEADER_BYTES + from);
    }
    const bytes = blockBytes(payload.length);
    encodeBlockHeader({ ...rest, payloadBytes: payload.length, payloadCrc }, segmentCrc, block);
    writeFully(file, block.subarray(0, isWhole ? bytes : BLOCK_HEADER_BYTES), at);
    return bytes;
  }
}

/**
 * Copies bytes to the beginning of a buffer.
 * @param crc the checksum of what comes before them
 * @returns the checksum of all
 */
function copyAndSum(from: Uint8Array, to: Buffer, crc: number): number {
  let sum = crc;
  for (let at = 0; at < from.length; at += SUM_BYTES) {
    const end = Math.min(at + SUM_BYTES, from.length);
    to.fill(from.subarray(at, end), at, end);
    sum = crc32c(to.subarray(at, end), sum);
  }
  return sum;
}
