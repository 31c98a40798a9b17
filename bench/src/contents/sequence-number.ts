import { EnumeratedType, EnumeratedValue, VALUE_BLOCK_HEADER_BYTES } from '@ringest/codec';
import type { EntryView } from '@ringest/indexer';

/**
 * Where an entry of a load has its sequence number, which is below 2^32. `binary`: the first eight
 * bytes of the data, little-endian. `digits`: ten decimal digits of the data. `value`: the first of
 * the enumerated values, a uint32.
 */
export type SequencePlace =
  | { readonly form: 'binary' }
  | { readonly form: 'digits'; readonly offset: number }
  | { readonly form: 'value' };

/** Bytes of data that a `binary` number takes. */
export const BINARY_BYTES = 8;

/** Where ten digits go. */
export const NO_DIGITS = '0000000000';

/** What is no sequence number. */
export const NO_SEQUENCE = -1;

const NAME = 'seq';
/** Bytes of a block of values before the number in its first value: headers and the name (§6). */
const VALUE_OFFSET = VALUE_BLOCK_HEADER_BYTES + 8 + NAME.length;

const HALF = 100_000;
const ZERO = 0x30;

/** The enumerated value that has a sequence number. */
export function sequenceValue(sequence: number): EnumeratedValue {
  return EnumeratedValue.of(NAME, EnumeratedType.uint32, sequence);
}

/** Writes a sequence number into data, in ten digits. */
export function writeDigits(data: Buffer, offset: number, sequence: number): void {
  // Each half is a small integer, which the engine divides faster.
  const high = Math.floor(sequence / HALF);
  writeHalf(data, offset, high);
  writeHalf(data, offset + 5, sequence - high * HALF);
}

function writeHalf(data: Buffer, offset: number, half: number): void {
  let rest = half;
  for (let at = offset + 4; at >= offset; at--) {
    const tenth = (rest / 10) | 0;
    data[at] = ZERO + rest - tenth * 10;
    rest = tenth;
  }
}

/** The sequence number of an entry that arrived; `NO_SEQUENCE` if it has none at this place. */
export function readSequence(entry: EntryView, place: SequencePlace): number {
  const { bytes, dataOffset, dataLength } = entry;
  switch (place.form) {
    case 'binary':
      if (dataLength < BINARY_BYTES || bytes.readUInt32LE(dataOffset + 4) !== 0) return NO_SEQUENCE;
      return bytes.readUInt32LE(dataOffset);
    case 'digits':
      if (dataLength < place.offset + NO_DIGITS.length) return NO_SEQUENCE;
      return readDigits(bytes, dataOffset + place.offset);
    case 'value':
      if (entry.valuesLength < VALUE_OFFSET + 4) return NO_SEQUENCE;
      return bytes.readUInt32LE(dataOffset + dataLength + VALUE_OFFSET);
  }
}

function readDigits(bytes: Buffer, offset: number): number {
  let sequence = 0;
  for (let at = offset; at < offset + NO_DIGITS.length; at++) {
    const digit = (bytes[at] as number) - ZERO;
    if (digit < 0 || digit > 9) return NO_SEQUENCE;
    sequence = sequence * 10 + digit;
  }
  return sequence < 2 ** 32 ? sequence : NO_SEQUENCE;
}
