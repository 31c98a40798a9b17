import { crc32c } from '@node-rs/crc32';
import { Packr, unpack } from 'msgpackr';

/**
 * A segment: a file of the cache, named by 16 hexadecimal digits and `.segment`. Its number is
 * above that of every file seen when it was begun. Numbers are little-endian.
 *
 * ```
 * segment header
 *    0  "ringest\0"
 *    8  u32  format: 1
 *   12  u32  bytes of the body
 *   16  u32  CRC-32C of the 16 bytes before it and the body
 *   20  body: MessagePack { muxer, created, sequence, tags }, and for some { order }
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
 * In the body, `muxer` is the id of the muxer that wrote the segment, `created` the time in
 * milliseconds since 1970, `sequence` that of the first entry, and `tags` names the tags in the
 * frames: the place of a name is its number; 65535 is `gravwell`, which is not among them. Segments are
 * read by rising `order`, and by their number where that is the same; one without it has its number
 * for it. So what was longest under way when a run ended, and is stored last of all, comes before what
 * waited behind it. The payload of kind 1 is MessagePack
 * `{ first, tags }`, names from the number `first` on; so a damaged one does not shift later ones.
 * The payload of kind 0 is unstamped frames, back to back.
 *
 * A sequence counts the entries of the log, over all segments and runs as long as one segment is
 * left. Within a segment there is no gap. After a failed sync, numbers are not used again.
 *
 * - The magic and the format stand before everything that may ever change, so that a newer format
 *   is recognised whatever it looks like.
 * - A block's header is checked with the segment's CRC, so that bytes of another segment, which may
 *   be part of an entry, are not taken for a block.
 * - The header is written last or at once with the payload: one that is all zero was never finished.
 * - A segment is never written again once it is sealed, and never appended to by another run.
 */
export const FORMAT = 1;

export const SEGMENT_HEADER_BYTES = 20;
const MAGIC = Buffer.from('ringest\0');
const FORMAT_OFFSET = 8;
const BODY_BYTES_OFFSET = 12;
const CRC_OFFSET = 16;

/** What a segment says of itself. */
export interface SegmentHeader {
  /** The id of the muxer that wrote it. */
  readonly muxer: string;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Of its first entry. */
  readonly sequence: number;
  /** By muxer tag, as far as they were known when the segment was begun. */
  readonly tags: readonly string[];
  /** Where it is read among the others; left out: its number. */
  readonly order?: number | undefined;
}

/** What the first 20 bytes of a file tell. */
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

export function decodePreamble(bytes: Buffer): Preamble {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return { kind: 'corrupt' };
  const format = bytes.readUInt32LE(FORMAT_OFFSET);
  const bodyBytes = bytes.readUInt32LE(BODY_BYTES_OFFSET);
  if (format !== FORMAT) return { kind: 'other', format, bodyBytes };
  return { kind: 'segment', bodyBytes, crc: bytes.readUInt32LE(CRC_OFFSET) };
}

/** Whether a header is one of this format, but for the number that says so. */
export function isFormatDamaged(preamble: Buffer, body: Buffer): boolean {
  const repaired = Buffer.from(preamble);
  repaired.writeUInt32LE(FORMAT, FORMAT_OFFSET);
  return segmentCrc(repaired, body) === repaired.readUInt32LE(CRC_OFFSET);
}

/** @returns `undefined` when it is not what was written */
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

/** Names of tags, from the number `first` on. */
export interface FurtherTags {
  readonly first: number;
  readonly tags: readonly string[];
}

export function encodeFurtherTags({ first, tags }: FurtherTags): Buffer {
  return packr.pack({ first, tags });
}

/** @returns `undefined` when it is something else */
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

export function segmentName(id: number): string {
  return `${digits(id)}.segment`;
}

/** The name in the quarantine for what stood at an offset of a segment. */
export function damageName(id: number, offset: number): string {
  return `${digits(id)}-${offset}`;
}

/** The number of a segment by its file's name; `undefined`: the file is not ours. */
export function segmentId(name: string): number | undefined {
  return /^[0-9a-f]{16}\.segment$/.test(name) ? idIn(name) : undefined;
}

/** The number of the segment that a file of the quarantine came from. */
export function damagedId(name: string): number | undefined {
  return /^[0-9a-f]{16}[.-]/.test(name) ? idIn(name) : undefined;
}

function digits(id: number): string {
  return id.toString(16).padStart(DIGITS, '0');
}

/** Numbers that a `number` does not hold were not given by us. */
function idIn(name: string): number | undefined {
  const id = Number.parseInt(name.slice(0, DIGITS), 16);
  return id < Number.MAX_SAFE_INTEGER ? id : undefined;
}
