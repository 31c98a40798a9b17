import { areGone, isBytes } from './bytes.js';
import { Source, type SourceInput } from './source.js';
import {
  decodeTimestamp,
  encodeTimestamp,
  TIMESTAMP_BYTES,
  Timestamp,
  type TimestampInput,
} from './timestamp.js';

/** The types of enumerated values, by their number on the wire (§6). */
export const EnumeratedType = {
  byteSlice: 1,
  bool: 2,
  uint8: 3,
  int8: 4,
  int16: 5,
  uint16: 6,
  int32: 7,
  uint32: 8,
  int64: 9,
  uint64: 10,
  float32: 11,
  float64: 12,
  string: 13,
  mac: 14,
  ip: 15,
  timestamp: 16,
  duration: 17,
} as const;

/** The number of a type of enumerated values. */
export type EnumeratedType = (typeof EnumeratedType)[keyof typeof EnumeratedType];

/** The JavaScript values that a value of each type can be made from. */
export interface EnumeratedInputs {
  1: Uint8Array;
  2: boolean;
  3: number;
  4: number;
  5: number;
  6: number;
  7: number;
  8: number;
  9: bigint | number;
  10: bigint | number;
  11: number;
  12: number;
  13: string;
  14: string | Uint8Array;
  15: SourceInput;
  16: TimestampInput;
  17: bigint | number;
}

/** A decoded value. 64-bit integers are `bigint`, and so are durations, in nanoseconds. */
export type EnumeratedContent = number | bigint | string | boolean | Buffer | Timestamp | Source;

interface TypeRule<Input> {
  /** The values that the type can hold, for messages. */
  readonly holds: string;
  /** Whether an encoded value can have this many bytes. */
  fits(length: number): boolean;
  /** The encoded value, or `undefined` if the type cannot hold the input. May throw as well. */
  encode(input: Input): Buffer | undefined;
  /** Reads an encoded value that {@link fits}. */
  decode(bytes: Buffer): EnumeratedContent;
}

/** Returns whether a number is the number of a type. */
export function isEnumeratedType(type: number): type is EnumeratedType {
  return Number.isInteger(type) && type >= 1 && type <= 17;
}

/** Returns how the values of a type are checked, encoded and decoded. Its `encode` accepts any input. */
export function ruleOf(type: EnumeratedType): TypeRule<unknown> {
  return RULES[type] as TypeRule<unknown>;
}

/** Copies bytes. Returns `undefined` for anything else, and for bytes whose memory is gone. */
function copyOf(input: unknown): Buffer | undefined {
  return isBytes(input) && !areGone(input) ? Buffer.from(input) : undefined;
}

const byteSlice: TypeRule<Uint8Array> = {
  holds: 'a Uint8Array whose memory is not gone',
  fits: () => true,
  encode: copyOf,
  decode: (bytes) => bytes,
};

const bool: TypeRule<boolean> = {
  holds: 'a boolean',
  fits: (length) => length === 1,
  encode: (input) => (typeof input === 'boolean' ? Buffer.of(input ? 1 : 0) : undefined),
  decode: (bytes) => bytes[0] !== 0,
};

function integer(size: 1 | 2 | 4, signed: boolean): TypeRule<number> {
  const min = signed ? -(2 ** (size * 8 - 1)) : 0;
  const max = min + 2 ** (size * 8) - 1;
  return {
    holds: `an integer from ${min} to ${max}`,
    fits: (length) => length === size,
    encode(input) {
      if (!Number.isInteger(input) || input < min || input > max) return undefined;
      const bytes = Buffer.allocUnsafe(size);
      if (signed) bytes.writeIntLE(input, 0, size);
      else bytes.writeUIntLE(input, 0, size);
      return bytes;
    },
    decode: (bytes) => (signed ? bytes.readIntLE(0, size) : bytes.readUIntLE(0, size)),
  };
}

function bigInteger(signed: boolean): TypeRule<bigint | number> {
  const min = signed ? -(2n ** 63n) : 0n;
  const max = min + 2n ** 64n - 1n;
  return {
    holds: `a bigint or a safe integer from ${min} to ${max}`,
    fits: (length) => length === 8,
    encode(input) {
      if (typeof input !== 'bigint' && !Number.isSafeInteger(input)) return undefined;
      const value = BigInt(input);
      if (value < min || value > max) return undefined;
      const bytes = Buffer.allocUnsafe(8);
      bytes.writeBigUInt64LE(BigInt.asUintN(64, value));
      return bytes;
    },
    decode: (bytes) => (signed ? bytes.readBigInt64LE() : bytes.readBigUInt64LE()),
  };
}

const float32: TypeRule<number> = {
  holds: 'a number that a 32-bit float can hold',
  fits: (length) => length === 4,
  encode(input) {
    const overflows = Number.isFinite(input) && !Number.isFinite(Math.fround(input));
    if (typeof input !== 'number' || overflows) return undefined;
    const bytes = Buffer.allocUnsafe(4);
    bytes.writeFloatLE(input);
    return bytes;
  },
  decode: (bytes) => bytes.readFloatLE(),
};

const float64: TypeRule<number> = {
  holds: 'a number',
  fits: (length) => length === 8,
  encode(input) {
    if (typeof input !== 'number') return undefined;
    const bytes = Buffer.allocUnsafe(8);
    bytes.writeDoubleLE(input);
    return bytes;
  },
  decode: (bytes) => bytes.readDoubleLE(),
};

const text: TypeRule<string> = {
  holds: 'a string',
  fits: () => true,
  encode: (input) => (typeof input === 'string' ? Buffer.from(input) : undefined),
  decode: (bytes) => bytes.toString(),
};

const MAX_MAC_BYTES = 20;
const MAC = /^(?:[\da-f]{2}(?:[:-][\da-f]{2})*)?$/i;

const mac: TypeRule<string | Uint8Array> = {
  holds: `an even number of bytes, at most ${MAX_MAC_BYTES}, or text such as "de:ad:be:ef:00:01"`,
  fits: (length) => length % 2 === 0 && length <= MAX_MAC_BYTES,
  encode(input) {
    if (isBytes(input)) return copyOf(input);
    if (typeof input !== 'string' || !MAC.test(input)) return undefined;
    return Buffer.from(input.replaceAll(/[:-]/g, ''), 'hex');
  },
  decode: (bytes) => bytes.toString('hex').replaceAll(/..(?!$)/g, '$&:'),
};

const ip: TypeRule<SourceInput> = {
  holds: 'an IPv4 or IPv6 address',
  fits: (length) => length === 4 || length === 16,
  encode: (input) => Buffer.from(Source.from(input).bytes),
  decode: (bytes) => Source.fromBytes(bytes),
};

const timestamp: TypeRule<TimestampInput> = {
  holds: 'a time',
  fits: (length) => length === TIMESTAMP_BYTES,
  encode(input) {
    const bytes = Buffer.allocUnsafe(TIMESTAMP_BYTES);
    encodeTimestamp(Timestamp.from(input), bytes, 0);
    return bytes;
  },
  decode: (bytes) => decodeTimestamp(bytes, 0),
};

const RULES: { readonly [T in EnumeratedType]: TypeRule<EnumeratedInputs[T]> } = {
  [EnumeratedType.byteSlice]: byteSlice,
  [EnumeratedType.bool]: bool,
  [EnumeratedType.uint8]: integer(1, false),
  [EnumeratedType.int8]: integer(1, true),
  [EnumeratedType.int16]: integer(2, true),
  [EnumeratedType.uint16]: integer(2, false),
  [EnumeratedType.int32]: integer(4, true),
  [EnumeratedType.uint32]: integer(4, false),
  [EnumeratedType.int64]: bigInteger(true),
  [EnumeratedType.uint64]: bigInteger(false),
  [EnumeratedType.float32]: float32,
  [EnumeratedType.float64]: float64,
  [EnumeratedType.string]: text,
  [EnumeratedType.mac]: mac,
  [EnumeratedType.ip]: ip,
  [EnumeratedType.timestamp]: timestamp,
  [EnumeratedType.duration]: bigInteger(true),
};
