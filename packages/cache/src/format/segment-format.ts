import { crc32c } from '@node-rs/crc32';
import { Packr, unpack } from 'msgpackr';

/**
 * A segment is a file of the cache. Its name is its number, as 16 hexadecimal digits, and `.segment`. The
 * number is higher than that of every file in the folder when it was begun. Integers are little-endian.
 *
 * ```
 * segment header
 *    0  "ringest\0"
 *    8  u32  format: 1
 *   12  u32  bytes of the body
 *   16  u32  CRC-32C of the 16 bytes before it and the body
 *   20  body: MessagePack { muxer, created, sequence, tags }, and optionally { order }
 * then blocks, back to back, each
 *    0  u32  0xb10cf2a3
 *    4  u32  kind: 0 frames, 1 further tags
 *    8  u32  bytes of the payload
 *   12  u32  entries in it; of kind 1: tags
 *   16  u64  sequence of its first entry; of kind 1: of the next one
 *   24  u32  CRC-32C of the payload
 *   28  u32  CRC-32C of the 28 bytes before it, begun with the CRC of the segment header
 *   32  payload
 * ```
 *
 * The body has these fields:
 *
 * - `muxer`: the id of the muxer that wrote the segment
 * - `created`: the time in milliseconds since 1970
 * - `sequence`: the sequence of the first entry
 * - `tags`: the names of the tags in the frames. The index of a name is its number. `gravwell` always has
 *   the number 65535, and is not in the list
 * - `order`: the next run reads segments by rising order, and those of the same order by number. The
 *   default is the number. When a muxer closes, the entries that were on their way to an indexer are
 *   stored last, and their order says that they are read before those that waited
 *
 * The payload of kind 0 is unstamped frames, back to back. The payload of kind 1 is MessagePack
 * `{ first, tags }`: names of tags from the number `first` on. Because of `first`, a damaged block of
 * names does not shift the numbers of later ones.
 *
 * The sequence counts the entries of the log. It goes on over segments and runs, until no segment is
 * left. Within a segment it has no gap. After a failed sync, numbers are not used again.
 *
 * - The magic and the format come before everything that may change, so that a newer format is always
 *   recognised.
 * - The checksum of a block's header begins with the checksum of the segment. So bytes of another segment,
 *   which may be in the data of an entry, are not mistaken for a block.
 * - The header of a block is written last, or together with the payload: a header of zeros means that the
 *   block was never finished.
 * - A sealed segment is never written again, and a later run never appends to it.
 */
export const FORMAT = 1;

export const SEGMENT_HEADER_BYTES = 20;
const MAGIC = Buffer.from('ringest\0');
const FORMAT_OFFSET = 8;
const BODY_BYTES_OFFSET = 12;
const CRC_OFFSET = 16;

/** The header of a segment. */
export interface SegmentHeader {
  /** The id of the muxer that wrote it. */
  readonly muxer: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** The sequence of its first entry. */
  readonly sequence: number;
  /** The names of the tags, by muxer tag, that were known when the segment was begun. */
  readonly tags: readonly string[];
  /** The next run reads segments by rising order. Default: the number of the segment. */
  readonly order?: number | undefined;
}

/** The result of reading the first 20 bytes of a file. */
export type Preamble =
  | { readonly kind: 'segment'; readonly bodyBytes: number; readonly crc: number }
  | { readonly kind: 'other'; readonly format: number; readonly bodyBytes: number }
  | { readonly kind: 'corrupt' };

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** The bytes of a header, and the checksum in them. */
export interface EncodedHeader {
  readonly bytes: Buffer;
  readonly crc: number;
}

/** Encodes the header of a new segment. */
export function encodeSegmentHeader(header: SegmentHeader): EncodedHeader {
  const { muxer, created, sequence, tags, order } = header;
  const body = packr.pack({
    muxer,
    created,
    sequence,
    tags,
    ...(order !== undefined && { order }),
  });
  const preamble = Buffer.alloc(SEGMENT_HEADER_BYTES);
  preamble.set(MAGIC);
  preamble.writeUInt32LE(FORMAT, FORMAT_OFFSET);
  preamble.writeUInt32LE(body.length, BODY_BYTES_OFFSET);
  const crc = segmentCrc(preamble, body);
  preamble.writeUInt32LE(crc, CRC_OFFSET);
  return { bytes: Buffer.concat([preamble, body]), crc };
}

/** Reads the first 20 bytes of a file, and does not check their checksum. */
export function decodePreamble(bytes: Buffer): Preamble {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return { kind: 'corrupt' };
  const format = bytes.readUInt32LE(FORMAT_OFFSET);
  const bodyBytes = bytes.readUInt32LE(BODY_BYTES_OFFSET);
  if (format !== FORMAT) return { kind: 'other', format, bodyBytes };
  return { kind: 'segment', bodyBytes, crc: bytes.readUInt32LE(CRC_OFFSET) };
}

/** Whether a header has this format, and only the number of the format is damaged. */
export function isFormatDamaged(preamble: Buffer, body: Buffer): boolean {
  const repaired = Buffer.from(preamble);
  repaired.writeUInt32LE(FORMAT, FORMAT_OFFSET);
  return segmentCrc(repaired, body) === repaired.readUInt32LE(CRC_OFFSET);
}

/** Reads the header of a segment; `undefined`: it is damaged. */
export function decodeSegmentHeader(preamble: Buffer, body: Buffer): SegmentHeader | undefined {
  if (segmentCrc(preamble, body) !== preamble.readUInt32LE(CRC_OFFSET)) return undefined;
  const header: unknown = unpackSafely(body);
  return isSegmentHeader(header) ? header : undefined;
}

function segmentCrc(preamble: Buffer, body: Buffer): number {
  return crc32c(body, crc32c(preamble.subarray(0, CRC_OFFSET)));
}

function isSegmentHeader(value: unknown): value is SegmentHeader {
  if (typeof value !== 'object' || value === null) return false;
  const { muxer, created, sequence, tags, order } = value as Partial<Record<string, unknown>>;
  return (
    (order === undefined || Number.isFinite(order)) &&
    typeof muxer === 'string' &&
    typeof created === 'number' &&
    Number.isSafeInteger(sequence) &&
    isNames(tags)
  );
}

/** The names of further tags, from the number `first` on. */
export interface FurtherTags {
  readonly first: number;
  readonly tags: readonly string[];
}

/** Encodes the payload of kind 1. */
export function encodeFurtherTags({ first, tags }: FurtherTags): Buffer {
  return packr.pack({ first, tags });
}

/** Reads the payload of kind 1; `undefined`: it is something else. */
export function decodeFurtherTags(payload: Buffer): FurtherTags | undefined {
  const value: unknown = unpackSafely(payload);
  if (typeof value !== 'object' || value === null) return undefined;
  const { first, tags } = value as Partial<Record<string, unknown>>;
  if (typeof first !== 'number' || !(first >= 0 && first <= 65536)) return undefined;
  return isNames(tags) ? { first, tags } : undefined;
}

function isNames(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((name) => typeof name === 'string');
}

function unpackSafely(bytes: Buffer): unknown {
  try {
    return unpack(bytes);
  } catch {
    return undefined;
  }
}

const DIGITS = 16;

/** The name of a segment's file. */
export function segmentName(id: number): string {
  return `${digits(id)}.segment`;
}

/** The name in the quarantine for a damaged part at an offset of a segment. */
export function damageName(id: number, offset: number): string {
  return `${digits(id)}-${offset}`;
}

/** The number of a segment by the name of its file; `undefined`: it is not the name of a segment. */
export function segmentId(name: string): number | undefined {
  return /^[0-9a-f]{16}\.segment$/.test(name) ? idIn(name) : undefined;
}

/** The number of the segment that a file of the quarantine came from; `undefined`: it came from none. */
export function damagedId(name: string): number | undefined {
  return /^[0-9a-f]{16}[.-]/.test(name) ? idIn(name) : undefined;
}

function digits(id: number): string {
  return id.toString(16).padStart(DIGITS, '0');
}

/** A number that a `number` cannot hold exactly was not given by this code. */
function idIn(name: string): number | undefined {
  const id = Number.parseInt(name.slice(0, DIGITS), 16);
  return id < Number.MAX_SAFE_INTEGER ? id : undefined;
}
