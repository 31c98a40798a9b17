import { type EnumeratedScalar, EnumeratedValue, enumeratedValueSize } from './enumerated-value.js';
import {
  DecodeError,
  InvalidEntryError,
  LimitError,
  OversizedEnumeratedBlockError,
} from './errors.js';

/** The enumerated values of an entry: a list of values, or an object of names and {@link EnumeratedScalar}s. */
export type EnumeratedInput =
  | readonly EnumeratedValue[]
  | Readonly<Record<string, EnumeratedScalar>>;

/** The most bytes of a block of enumerated values, including its header of 8 bytes (§6). */
export const MAX_BLOCK_BYTES = 32 * 1024 * 1024;

/** The bytes in a block of enumerated values before its first value (§6): size, count and pad. */
export const VALUE_BLOCK_HEADER_BYTES = 8;

const MAX_COUNT = 0xffff;
const STRUCTURE = 'enumerated value block';

/**
 * Encodes the values of an entry as the block that follows its data (§6). A value replaces an earlier
 * one of the same name, in its place. Without values the result is an empty buffer.
 *
 * @throws {InvalidEnumeratedValueError} if a value cannot be inferred.
 * @throws {OversizedEnumeratedBlockError} if there are over 65535 values, or over 32 MiB of them.
 */
export function encodeEnumeratedBlock(values: EnumeratedInput): Buffer {
  const unique = new Map<string, Buffer>();
  for (const value of enumeratedValues(values)) {
    // Names are compared by their bytes: different ones can read the same when they are not UTF-8.
    unique.set(value.nameBytes.toString('latin1'), value.encoded);
  }
  if (unique.size === 0) return Buffer.alloc(0);
  let size = VALUE_BLOCK_HEADER_BYTES;
  for (const encoded of unique.values()) size += encoded.length;
  if (unique.size > MAX_COUNT || size > MAX_BLOCK_BYTES) {
    throw new OversizedEnumeratedBlockError(unique.size, size);
  }
  const header = Buffer.alloc(VALUE_BLOCK_HEADER_BYTES);
  header.writeUInt32LE(size, 0);
  header.writeUInt16LE(unique.size, 4);
  return Buffer.concat([header, ...unique.values()], size);
}

/**
 * Decodes a block of enumerated values, which must take all of `bytes` (§6). The bytes are copied.
 *
 * @throws {DecodeError} if the block is malformed.
 * @throws {LimitError} if the block is over 32 MiB.
 */
export function decodeEnumeratedBlock(bytes: Uint8Array): EnumeratedValue[] {
  if (bytes.length > MAX_BLOCK_BYTES)
    throw new LimitError(STRUCTURE, bytes.length, MAX_BLOCK_BYTES);
  return viewEnumeratedBlock(Buffer.from(bytes));
}

/** Decodes a block like {@link decodeEnumeratedBlock}, without a copy: the values are views into `source`. */
export function viewEnumeratedBlock(source: Buffer): EnumeratedValue[] {
  const size = enumeratedBlockSize(source, 0, source.length);
  if (size !== source.length) {
    throw new DecodeError(
      STRUCTURE,
      `it has ${source.length} bytes and claims ${size ?? 'no size'}`,
    );
  }
  const count = source.readUInt16LE(4);
  const values: EnumeratedValue[] = [];
  let offset = VALUE_BLOCK_HEADER_BYTES;
  for (let i = 0; i < count; i++) {
    const value = EnumeratedValue.decode(source, offset);
    offset += value.encoded.length;
    values.push(value);
  }
  if (offset !== size) throw new DecodeError(STRUCTURE, `${size - offset} bytes follow its values`);
  return values;
}

/**
 * Checks the block of enumerated values (§6) from `offset` to `end`, as {@link decodeEnumeratedBlock} does.
 * Nothing is copied or allocated.
 *
 * @throws {DecodeError} if the block is malformed.
 * @throws {LimitError} if the block is over 32 MiB.
 */
export function checkEnumeratedBlock(bytes: Buffer, offset: number, end: number): void {
  const size = enumeratedBlockSize(bytes, offset, end - offset);
  if (size !== end - offset) {
    throw new DecodeError(
      STRUCTURE,
      `it has ${end - offset} bytes and claims ${size ?? 'no size'}`,
    );
  }
  const count = bytes.readUInt16LE(offset + 4);
  let at = offset + VALUE_BLOCK_HEADER_BYTES;
  for (let i = 0; i < count; i++) at += enumeratedValueSize(bytes, at, end);
  if (at !== end) throw new DecodeError(STRUCTURE, `${end - at} bytes follow its values`);
}

/**
 * Returns the size of the block of enumerated values at `offset`, including its header (§6), or
 * `undefined` if the header has not arrived.
 *
 * @param available how many bytes have arrived from `offset` on.
 * @throws {DecodeError} if the header is malformed.
 * @throws {LimitError} if the size is below 8 or over 32 MiB.
 */
export function enumeratedBlockSize(
  bytes: Uint8Array,
  offset: number,
  available: number,
): number | undefined {
  if (available < VALUE_BLOCK_HEADER_BYTES) return undefined;
  const header = new DataView(bytes.buffer, bytes.byteOffset + offset, VALUE_BLOCK_HEADER_BYTES);
  const size = header.getUint32(0, true);
  if (size < VALUE_BLOCK_HEADER_BYTES || size > MAX_BLOCK_BYTES) {
    throw new LimitError(STRUCTURE, size, MAX_BLOCK_BYTES);
  }
  if (header.getUint16(6, true) !== 0) throw new DecodeError(STRUCTURE, 'its pad is not zero');
  return size;
}

function enumeratedValues(input: EnumeratedInput): readonly EnumeratedValue[] {
  if (typeof input !== 'object' || input === null) throw notValues(input);
  if (!Array.isArray(input)) {
    return Object.entries(input).map(([name, value]) => EnumeratedValue.infer(name, value));
  }
  if (input.every(isWhole)) return input;
  return input.map((value) => {
    const own = EnumeratedValue.adopt(value);
    if (own === undefined) throw notValues(input);
    return own;
  });
}

function isWhole(value: unknown): boolean {
  return value instanceof EnumeratedValue && value.encoded.length > 0;
}

function notValues(input: unknown): InvalidEntryError {
  const problem = 'give EnumeratedValues or { name: value }';
  return new InvalidEntryError('enumeratedValues', input, problem);
}
