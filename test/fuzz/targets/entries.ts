import assert from 'node:assert/strict';
import {
  Command,
  DecodeError,
  decodeEntry,
  decodeEnumeratedBlock,
  decodeFrame,
  decodeTimestamp,
  type Entry,
  type EntryInput,
  type EnumeratedContent,
  EnumeratedValue,
  encodeEntry,
  encodeEnumeratedBlock,
  encodeTimestamp,
  FRAME_BYTES,
  type Frame,
  HEADER_BYTES,
  MAX_VALUE_NAME_BYTES,
  RingestError,
  Timestamp,
} from '@ringest/codec';
import { bytes, readVectors } from '../../support/vectors.js';
import { attempt, kindOf } from '../properties.js';
import type { Target } from '../target.js';
import { messageTarget } from './messages.js';

const { blockHex } = readVectors<{ readonly blockHex: string }>('enumerated-values');

const BLOCK = bytes(blockHex);
const BLOCK_HEADER_BYTES = 8;
const VALUE_HEADER_BYTES = 8;

/** Every value of the block of the vectors, one of each type. */
const VALUES = decodeEnumeratedBlock(BLOCK).map(({ encoded }) => encoded);

export const VALUED: EntryInput = {
  timestamp: 0,
  tag: 8,
  data: 'second',
  source: '::ffff:10.1.2.3',
  enumeratedValues: { n: 1, 's\u00e9': 'text' },
};
export const PLAIN: EntryInput = { timestamp: 1e12, tag: 7, data: 'first', source: '10.0.0.1' };

/** The NEW_ENTRY frame of an entry. */
export function encodeFrame(id: number, entry: EntryInput): Buffer {
  const encoded = encodeEntry(entry);
  const frame = Buffer.alloc(FRAME_BYTES - HEADER_BYTES + encoded.length);
  frame.writeUInt32LE(Command.newEntry, 0);
  encoded.copy(frame, 4, 0, HEADER_BYTES);
  frame.writeUInt32LE(id % 2 ** 32, 38);
  frame.writeUInt32LE(Math.floor(id / 2 ** 32), 42);
  encoded.copy(frame, FRAME_BYTES, HEADER_BYTES);
  return frame;
}

/** Flags and lengths of an entry, the head of a block, and values. */
export const ENTRY_WORDS: readonly Buffer[] = [
  Buffer.of(0, 0, 0, 0x80),
  Buffer.of(0, 0, 0, 0x40),
  Buffer.of(4, 0, 0, 0xc0),
  Buffer.of(8, 0, 0, 0, 0, 0, 0, 0),
  Buffer.of(18, 0, 0, 0, 1, 0, 0, 0),
  ...VALUES.filter(({ length }) => length < 40),
];

/** Makes the size of the block that begins at `offset` what is there. */
function repairBlock(input: Buffer, offset: number): void {
  if (offset + 4 <= input.length) input.writeUInt32LE(input.length - offset, offset);
}

const entry = messageTarget<Entry>({
  name: 'entry',
  seeds: [encodeEntry(PLAIN), encodeEntry(VALUED), ...smallEntries()],
  words: ENTRY_WORDS,
  repair(input) {
    if (input.length < HEADER_BYTES) return input;
    const dataLength = input.readUInt32LE(0) & 0xffff;
    repairBlock(input, HEADER_BYTES + dataLength);
    return input;
  },
  codec: {
    decode: decodeEntry,
    encode: (value) => (hasTwins(value.enumeratedValues) ? undefined : encodeEntry(value)),
    features: ({ source, enumeratedValues }) => [`${source.isIPv4} ${enumeratedValues.length > 0}`],
  },
  long: (size) => encodeEntry({ ...VALUED, enumeratedValues: manyValues(size / 20) }),
});

const frame = messageTarget<Frame>({
  name: 'frame',
  seeds: [encodeFrame(1, PLAIN), encodeFrame(2 ** 40 + 1, VALUED)],
  words: ENTRY_WORDS,
  codec: {
    decode: decodeFrame,
    encode({ id, entry: value }) {
      const isLossy = !Number.isSafeInteger(id) || hasTwins(value.enumeratedValues);
      return isLossy ? undefined : encodeFrame(id, value);
    },
  },
  long: (size) => encodeFrame(1, { ...VALUED, enumeratedValues: manyValues(size / 20) }),
});

const block = messageTarget<EnumeratedValue[]>({
  name: 'enumerated-block',
  seeds: [BLOCK, encodeEnumeratedBlock({ a: 1 }), Buffer.of(8, 0, 0, 0, 0, 0, 0, 0)],
  words: VALUES,
  repair(input) {
    repairBlock(input, 0);
    if (input.length < BLOCK_HEADER_BYTES) return input;
    let count = 0;
    for (let at = BLOCK_HEADER_BYTES; at + 2 <= input.length; count++) {
      at += Math.max(1, input.readUInt16LE(at));
    }
    input.writeUInt32LE(count & 0xffff, 4);
    return input;
  },
  codec: {
    decode: decodeEnumeratedBlock,
    encode: (values) => (hasTwins(values) ? undefined : encodedBlock(values)),
    features(values) {
      values.forEach(expectStrict);
      return values.map(({ type }) => `type ${type}`);
    },
  },
  long: (size) => encodeEnumeratedBlock(manyValues(size / 20)),
});

const value: Target = {
  name: 'enumerated-value',
  seeds: VALUES,
  words: [
    Buffer.of(17, 0),
    Buffer.alloc(12, 0xff),
    Buffer.of(0, 0, 0xc0, 0x7f),
    Buffer.from('\u00e9'),
  ],
  repair(input) {
    if (input.length < BLOCK_HEADER_BYTES) return input;
    input.writeUInt16LE(input.length, 0);
    input.writeUInt16LE(Math.max(0, input.length - 8 - input.readUInt16LE(2)), 4);
    return input;
  },
  run: readValue,
  long: (size) => EnumeratedValue.of('n', 13, 's'.repeat(size)).encoded,
};

/** A value that is read can be made again, as far as its text is text. */
function readValue(input: Buffer): readonly string[] {
  const read = attempt(() => EnumeratedValue.decode(input, 0));
  if ('error' in read) return [kindOf(read.error)];
  const { name, type, encoded } = read.value;
  expectStrict(read.value);
  assert.deepEqual(encoded, input.subarray(0, encoded.length));
  const content = attempt<EnumeratedContent>(() => read.value.value);
  if ('error' in content) return [`type ${type}: ${kindOf(content.error)}`];
  // What is no text becomes longer when it is encoded, and may become too long.
  const again = attempt(() => EnumeratedValue.of(name, type, content.value as never), RingestError);
  if ('error' in again) return [`type ${type}: ${kindOf(again.error)}`];
  assert.deepEqual(again.value.value, content.value, 'the value is another when it is encoded');
  assert.equal(again.value.name, name);
  return [`type ${type}`];
}

/** What is accepted is what §6 says. */
function expectStrict({ type, encoded, nameBytes, bytes: content }: EnumeratedValue): void {
  const nameLength = encoded.readUInt16LE(2);
  const total = VALUE_HEADER_BYTES + nameLength + encoded.readUInt16LE(4);
  assert.equal(encoded.readUInt16LE(0), total, 'a size is not that of its parts');
  assert.equal(encoded.length, total);
  assert.equal(nameBytes.length, nameLength);
  assert.equal(content.length, encoded.readUInt16LE(4));
  assert.ok(nameLength >= 1 && nameLength <= MAX_VALUE_NAME_BYTES);
  assert.equal(encoded.readUInt16LE(6), type, 'a pad is not zero');
}

const timestamp = messageTarget<Timestamp>({
  name: 'timestamp',
  seeds: readVectors<{ readonly hex: string }[]>('timestamps').map(({ hex }) => bytes(hex)),
  words: [
    bytes('00000000'),
    bytes('ffffffff'),
    bytes('00ca9a3b'),
    bytes('ffc99a3b'),
    bytes('00002000'),
  ],
  codec: {
    decode(source) {
      const time = decodeTimestamp(source, 0);
      if (source.length > 12) throw new DecodeError('timestamp', 'something follows it');
      return time;
    },
    encode(time) {
      const target = Buffer.alloc(12);
      encodeTimestamp(time, target, 0);
      return target;
    },
    features(time) {
      const year = Number.parseInt(time.toString(), 10);
      if (year >= 0 && year <= 9999) assert.deepEqual(Timestamp.parse(time.toString()), time);
      return [`${Math.sign(time.seconds)} ${year >= 0 && year <= 9999}`];
    },
  },
  long: () => Buffer.alloc(12),
});

function smallEntries(): Buffer[] {
  return readVectors<{ readonly encodedHex: string }[]>('entries')
    .map(({ encodedHex }) => bytes(encodedHex))
    .filter(({ length }) => length < 200);
}

function manyValues(count: number): Record<string, number> {
  return Object.fromEntries(Array.from({ length: count }, (_, i) => [`n${i}`, i]));
}

/** Of values with the same name only one is left when they are encoded. */
export function hasTwins(values: readonly EnumeratedValue[]): boolean {
  return new Set(values.map(({ nameBytes }) => nameBytes.toString('hex'))).size < values.length;
}

/** Also of no values, of which `encodeEnumeratedBlock` makes nothing. */
function encodedBlock(values: readonly EnumeratedValue[]): Buffer {
  const encoded = encodeEnumeratedBlock(values);
  return encoded.length > 0 ? encoded : Buffer.of(8, 0, 0, 0, 0, 0, 0, 0);
}

/** Entries and what is in them. */
export const ENTRIES: readonly Target[] = [entry, frame, block, value, timestamp];
