import { areGone, GONE, isBytes } from './bytes.js';
import {
  type EnumeratedContent,
  type EnumeratedInputs,
  EnumeratedType,
  isEnumeratedType,
  ruleOf,
} from './enumerated-type.js';
import { DecodeError, InvalidEnumeratedValueError, RingestError } from './errors.js';
import { Source } from './source.js';
import type { TimestampInput } from './timestamp.js';

/** The longest name of an enumerated value, in bytes of UTF-8 (§6). The shortest has 1 byte. */
export const MAX_VALUE_NAME_BYTES = 1024;

/** The longest enumerated value, in bytes (§6). */
export const MAX_VALUE_BYTES = 64503;

/** A JavaScript value that {@link EnumeratedValue.infer} accepts. */
export type EnumeratedScalar =
  | Exclude<TimestampInput, number | string>
  | number
  | bigint
  | string
  | boolean
  | Uint8Array
  | Source;

const VALUE_HEADER_BYTES = 8;

/**
 * A named and typed value of an entry (§6). It is kept in its wire form, so that a decoded value is
 * encoded to the same bytes, even if its text is not UTF-8.
 */
export class EnumeratedValue {
  /** The name, 1 to 1024 bytes of UTF-8. Bytes that are not UTF-8 are read as U+FFFD. */
  readonly name: string;
  /** The number of the type (§6). */
  readonly type: EnumeratedType;
  /** The whole value in its wire form. Do not write to it. */
  readonly encoded: Buffer;
  readonly #nameEnd: number;

  private constructor(type: EnumeratedType, nameLength: number, encoded: Buffer) {
    this.#nameEnd = VALUE_HEADER_BYTES + nameLength;
    this.name = encoded.toString('utf8', VALUE_HEADER_BYTES, this.#nameEnd);
    this.type = type;
    this.encoded = encoded;
  }

  /** The name in its wire form. Do not write to it. */
  get nameBytes(): Buffer {
    return this.encoded.subarray(VALUE_HEADER_BYTES, this.#nameEnd);
  }

  /** The value without its name, in its wire form. Do not write to it. */
  get bytes(): Buffer {
    return this.encoded.subarray(this.#nameEnd);
  }

  /**
   * The value as a JavaScript value: a `bigint` for int64, uint64 and duration (in nanoseconds), a
   * {@link Source} for ip, a {@link Timestamp} for timestamp, text such as `de:ad:be:ef:00:01` for
   * mac, and {@link bytes} for byteSlice.
   *
   * @throws {DecodeError} if a `Timestamp` cannot hold a timestamp.
   */
  get value(): EnumeratedContent {
    return ruleOf(this.type).decode(this.bytes);
  }

  /**
   * Makes an enumerated value of a given type. The input is copied.
   *
   * @throws {InvalidEnumeratedValueError} if the name or the value is out of bounds, or the type
   * cannot hold the value.
   */
  static of<T extends EnumeratedType>(
    name: string,
    type: T,
    value: EnumeratedInputs[T],
  ): EnumeratedValue {
    if (!isEnumeratedType(type)) {
      throw new InvalidEnumeratedValueError(name, `has the type ${type}: give one from 1 to 17`);
    }
    const rule = ruleOf(type);
    const nameLength = Buffer.byteLength(name);
    if (nameLength === 0 || nameLength > MAX_VALUE_NAME_BYTES) {
      const problem = `has a name of ${nameLength} bytes: give 1 to ${MAX_VALUE_NAME_BYTES}`;
      throw new InvalidEnumeratedValueError(name, problem);
    }
    let bytes: Buffer | undefined;
    let cause: unknown;
    try {
      bytes = rule.encode(value);
    } catch (error) {
      if (!(error instanceof RingestError)) throw error;
      cause = error;
    }
    if (bytes === undefined || !rule.fits(bytes.length)) {
      const problem = `does not fit its type: give ${rule.holds}`;
      throw new InvalidEnumeratedValueError(name, problem, { cause });
    }
    if (bytes.length > MAX_VALUE_BYTES) {
      const problem = `has ${bytes.length} bytes: give at most ${MAX_VALUE_BYTES}`;
      throw new InvalidEnumeratedValueError(name, problem);
    }
    const encoded = Buffer.allocUnsafe(VALUE_HEADER_BYTES + nameLength + bytes.length);
    encoded.writeUInt16LE(encoded.length, 0);
    encoded.writeUInt16LE(nameLength, 2);
    encoded.writeUInt16LE(bytes.length, 4);
    encoded.writeUInt16LE(type, 6);
    encoded.write(name, VALUE_HEADER_BYTES);
    encoded.set(bytes, VALUE_HEADER_BYTES + nameLength);
    return new EnumeratedValue(type, nameLength, encoded);
  }

  /**
   * Makes an enumerated value, and chooses its type: int64 for a safe integer, float64 for any other
   * number, int64 or else uint64 for a bigint, string for a string, bool for a boolean, byteSlice for a
   * `Uint8Array`, ip for a {@link Source}, and timestamp for a `Date` or another object with a time.
   *
   * @throws {InvalidEnumeratedValueError} if the name or the value is out of bounds, or no type fits.
   */
  static infer(name: string, value: EnumeratedScalar): EnumeratedValue {
    switch (typeof value) {
      case 'string':
        return EnumeratedValue.of(name, EnumeratedType.string, value);
      case 'boolean':
        return EnumeratedValue.of(name, EnumeratedType.bool, value);
      case 'number':
        return Number.isSafeInteger(value)
          ? EnumeratedValue.of(name, EnumeratedType.int64, value)
          : EnumeratedValue.of(name, EnumeratedType.float64, value);
      case 'bigint':
        return BigInt.asIntN(64, value) === value
          ? EnumeratedValue.of(name, EnumeratedType.int64, value)
          : EnumeratedValue.of(name, EnumeratedType.uint64, value);
    }
    if (isBytes(value)) {
      return EnumeratedValue.of(name, EnumeratedType.byteSlice, value);
    }
    // A Source has bytes, also one of another copy of this package.
    const isSource = value instanceof Source || isBytes((Object(value) as Partial<Source>).bytes);
    return isSource
      ? EnumeratedValue.of(name, EnumeratedType.ip, value as Source)
      : EnumeratedValue.of(name, EnumeratedType.timestamp, value as TimestampInput);
  }

  /**
   * Returns an `EnumeratedValue` as it is, a copy of one of another copy of this package, and
   * `undefined` for anything else.
   *
   * @throws {InvalidEnumeratedValueError} if the memory of its bytes is gone.
   */
  static adopt(value: unknown): EnumeratedValue | undefined {
    const { name, encoded } = Object(value) as Partial<EnumeratedValue>;
    if (!isBytes(encoded)) return undefined;
    if (areGone(encoded)) throw new InvalidEnumeratedValueError(`${name}`, `is lost: ${GONE}`);
    if (value instanceof EnumeratedValue) return value;
    try {
      return EnumeratedValue.decode(Buffer.from(encoded), 0);
    } catch {
      return undefined;
    }
  }

  /**
   * Decodes the value at `offset` (§6). It is a view into `source`, which must not change.
   *
   * @throws {DecodeError} if the value is malformed, or does not end within `source`.
   */
  static decode(source: Buffer, offset: number): EnumeratedValue {
    const total = enumeratedValueSize(source, offset, source.length);
    const type = source.readUInt8(offset + 6) as EnumeratedType;
    const nameLength = source.readUInt16LE(offset + 2);
    return new EnumeratedValue(type, nameLength, source.subarray(offset, offset + total));
  }
}

/**
 * Checks the value at `offset` (§6), and returns its size. Nothing is allocated.
 *
 * @param end where its block ends.
 * @throws {DecodeError} if the value is malformed, or does not end within its block.
 */
export function enumeratedValueSize(source: Buffer, offset: number, end: number): number {
  if (end - offset < VALUE_HEADER_BYTES) throw malformed('it is shorter than its header');
  const total = source.readUInt16LE(offset);
  const nameLength = source.readUInt16LE(offset + 2);
  const length = source.readUInt16LE(offset + 4);
  const type = source.readUInt8(offset + 6);
  if (source.readUInt8(offset + 7) !== 0) throw malformed('its pad is not zero');
  if (total !== VALUE_HEADER_BYTES + nameLength + length) {
    throw malformed(`its size of ${total} is not that of its parts, ${nameLength} and ${length}`);
  }
  if (nameLength === 0 || nameLength > MAX_VALUE_NAME_BYTES) {
    throw malformed(`its name has ${nameLength} bytes`);
  }
  if (length > MAX_VALUE_BYTES) throw malformed(`it has ${length} bytes`);
  if (!isEnumeratedType(type)) throw malformed(`${type} is not a type`);
  if (!ruleOf(type).fits(length)) throw malformed(`type ${type} cannot have ${length} bytes`);
  if (total > end - offset) throw malformed('it does not end within its block');
  return total;
}

function malformed(problem: string): DecodeError {
  return new DecodeError('enumerated value', problem);
}
