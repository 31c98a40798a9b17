import { crc32c } from '@node-rs/crc32';
import { Packr, unpack } from 'msgpackr';

/**
 * A segment is a file of the store. Its name is its number, as 16 hexadecimal digits, and `.segment`. It is
 * a sequence of MessagePack values, which any MessagePack library can read. Each value is a record, an array
 * of four:
 *
 * ```
 *    0  94                 array of four
 *    1  a7 "ringest"       1. text
 *    9  ce u32             2. number: CRC-32C of the bytes from 14 up to the payload's first byte
 *   14  c6 u32 head        3. binary: the head, MessagePack itself
 *    …  c6 u32 payload     4. binary: the payload
 * ```
 *
 * The integers are big-endian, as MessagePack has them. The first record of a segment is its header. Its
 * head is `{ format, created, id }` and its payload is empty. Each other record is a block. Its payload is
 * frames as they came from ingesters (§5), back to back. Its head is
 *
 * - `entries`: how many frames there are
 * - `first`, `last`: the whole Unix seconds of the earliest and of the latest entry
 * - `written`: when the block was written, in milliseconds since 1970
 * - `tags`: the names of the tags in the block, by the numbers in the frames. A block needs no other one to
 *   be read
 * - `crc`: the CRC-32C of the payload
 *
 * The CRC of a block begins with that of the header of its segment: bytes of another segment, which may be
 * the data of an entry, are not mistaken for a block. Because the head has a checksum of its own, a reader
 * can skip a payload.
 *
 * A process appends only to segments that it has begun, and each block with one write. So only the end of
 * the last segment of a process can be torn.
 */
export const FORMAT = 1;

const MAGIC = Buffer.from('\x94\xa7ringest\xce', 'latin1');
const CRC_OFFSET = MAGIC.length;
const CHECKED_OFFSET = CRC_OFFSET + 4;
const BINARY_32 = 0xc6;
/** The first byte of a binary and its length. */
const BINARY_BYTES = 5;
const HEAD_OFFSET = CHECKED_OFFSET + BINARY_BYTES;

/** The bytes of a record that have to be read before the length of its head is known. */
export const PREFIX_BYTES = HEAD_OFFSET;

/** The longest head in bytes: all 65536 tags with their longest names, and some more. */
const MAX_HEAD_BYTES = 2 ** 28;

/** The head of a segment's first record. */
export interface SegmentHeader {
  readonly format: number;
  /** Milliseconds since 1970. */
  readonly created: number;
  /** Random: it tells this segment from every other one. */
  readonly id: string;
}

/** The head of a block. */
export interface BlockHead {
  readonly entries: number;
  readonly first: number;
  readonly last: number;
  readonly written: number;
  readonly tags: ReadonlyMap<number, string>;
  readonly crc: number;
}

const packr = new Packr({ useRecords: false, variableMapSize: true });

/** The bytes of a record before its payload, and the checksum in them. */
export interface EncodedHead {
  readonly bytes: Buffer;
  readonly crc: number;
}

/** Encodes the header of a segment, which is a whole record. */
export function encodeSegmentHeader(header: SegmentHeader): EncodedHead {
  return encodeRecord(header, 0, 0);
}

/** Encodes what stands before the payload of a block. */
export function encodeBlockHead(head: BlockHead, payloadBytes: number, seed: number): Buffer {
  const { tags, ...rest } = head;
  return encodeRecord({ ...rest, tags: Object.fromEntries(tags) }, payloadBytes, seed).bytes;
}

function encodeRecord(head: object, payloadBytes: number, seed: number): EncodedHead {
  const packed = packr.pack(head);
  const headEnd = HEAD_OFFSET + packed.length;
  const bytes = Buffer.allocUnsafe(headEnd + BINARY_BYTES);
  bytes.set(MAGIC);
  writeBinary(bytes, CHECKED_OFFSET, packed.length);
  bytes.set(packed, HEAD_OFFSET);
  writeBinary(bytes, headEnd, payloadBytes);
  const crc = crc32c(bytes.subarray(CHECKED_OFFSET), seed);
  bytes.writeUInt32BE(crc, CRC_OFFSET);
  return { bytes, crc };
}

function writeBinary(target: Buffer, at: number, length: number): void {
  target.writeUInt8(BINARY_32, at);
  target.writeUInt32BE(length, at + 1);
}

/**
 * Returns how many bytes stand before the payload of the record that begins with these
 * {@link PREFIX_BYTES}; `undefined`: no record begins here.
 */
export function headBytes(prefix: Buffer): number | undefined {
  if (!prefix.subarray(0, CRC_OFFSET).equals(MAGIC)) return undefined;
  if (prefix.readUInt8(CHECKED_OFFSET) !== BINARY_32) return undefined;
  const packed = prefix.readUInt32BE(CHECKED_OFFSET + 1);
  return packed > MAX_HEAD_BYTES ? undefined : HEAD_OFFSET + packed + BINARY_BYTES;
}

/** Encodes the index of a segment, which is a whole record: its head is the index. */
export function encodeIndexRecord(index: object, seed: number): Buffer {
  return encodeRecord(index, 0, seed).bytes;
}

/** Reads the record of an index; `undefined`: it is damaged, or of another segment. */
export function decodeIndexRecord(bytes: Buffer, seed: number): unknown {
  if (bytes.length < PREFIX_BYTES || headBytes(bytes) !== bytes.length) return undefined;
  return decodeRecord(bytes, seed)?.head;
}

/** What a record says before its payload, with a checksum that fits. */
interface RecordHead {
  readonly head: unknown;
  readonly payloadBytes: number;
  readonly crc: number;
}

/** Reads the bytes before a payload, all of them; `undefined`: they are damaged. */
function decodeRecord(bytes: Buffer, seed: number): RecordHead | undefined {
  const headEnd = bytes.length - BINARY_BYTES;
  const crc = crc32c(bytes.subarray(CHECKED_OFFSET), seed);
  if (crc !== bytes.readUInt32BE(CRC_OFFSET)) return undefined;
  if (bytes.readUInt8(headEnd) !== BINARY_32) return undefined;
  const payloadBytes = bytes.readUInt32BE(headEnd + 1);
  return { head: unpackSafely(bytes.subarray(HEAD_OFFSET, headEnd)), payloadBytes, crc };
}

/** What the first record of a file says. */
export type DecodedHeader =
  | { readonly kind: 'segment'; readonly header: SegmentHeader; readonly crc: number }
  | { readonly kind: 'newer'; readonly format: number }
  | { readonly kind: 'damaged' };

/** Reads the header of a segment. */
export function decodeSegmentHeader(bytes: Buffer): DecodedHeader {
  const record = decodeRecord(bytes, 0);
  if (record === undefined) return { kind: 'damaged' };
  const { format, created, id } = fieldsOf(record.head);
  if (typeof format !== 'number') return { kind: 'damaged' };
  if (format !== FORMAT) return { kind: 'newer', format };
  if (typeof created !== 'number' || typeof id !== 'string') return { kind: 'damaged' };
  return { kind: 'segment', header: { format, created, id }, crc: record.crc };
}

/** Reads what stands before the payload of a block; `undefined`: it is damaged. */
export function decodeBlockHead(
  bytes: Buffer,
  seed: number,
): { readonly head: BlockHead; readonly payloadBytes: number } | undefined {
  const record = decodeRecord(bytes, seed);
  const head = record === undefined ? undefined : blockHeadFrom(record.head);
  if (record === undefined || head === undefined) return undefined;
  return { head, payloadBytes: record.payloadBytes };
}

function blockHeadFrom(value: unknown): BlockHead | undefined {
  const { entries, first, last, written, tags, crc } = fieldsOf(value);
  const numbers = [entries, first, last, written, crc];
  if (!numbers.every((one) => typeof one === 'number')) return undefined;
  const names = Object.entries(fieldsOf(tags));
  if (!names.every((one): one is [string, string] => typeof one[1] === 'string')) return undefined;
  const [a, b, c, d, e] = numbers as [number, number, number, number, number];
  const map = new Map(names.map(([number, name]) => [Number(number), name]));
  return { entries: a, first: b, last: c, written: d, tags: map, crc: e };
}

/** Whether a payload is what the head says. */
export function isWhole(payload: Buffer, head: BlockHead): boolean {
  return crc32c(payload) === head.crc;
}

/** Returns where the next record may begin, from an offset on; -1: nowhere. */
export function nextRecord(bytes: Buffer, from: number): number {
  return bytes.indexOf(MAGIC, from);
}

/** The fields of an object; none of anything else. */
export function fieldsOf(value: unknown): Partial<Record<string, unknown>> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

function unpackSafely(bytes: Buffer): unknown {
  try {
    return unpack(bytes);
  } catch {
    return undefined;
  }
}
