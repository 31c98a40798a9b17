import {
  DecodeError,
  decodeEntry,
  decodeEntryHeader,
  type EntryInput,
  EnumeratedType,
  EnumeratedValue,
  encodeEntry,
  encodeEnumeratedBlock,
  FLAG_IPV4,
  FLAG_VALUES,
  FRAME_BYTES,
  FRAME_ID_OFFSET,
  FRAME_LENGTH_OFFSET,
  FRAME_NANOSECONDS_OFFSET,
  FRAME_SECONDS_OFFSET,
  FRAME_SOURCE_OFFSET,
  FRAME_TAG_OFFSET,
  HEADER_BYTES,
  InvalidEntryError,
  InvalidEnumeratedValueError,
  InvalidSourceError,
  InvalidTimestampError,
  LENGTH_MASK,
  LimitError,
  MAX_BLOCK_BYTES,
  MAX_DATA_BYTES,
  OversizedEntryError,
  Source,
  Timestamp,
} from '@ringest/codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anyAddress,
  anyEnumeratedValue,
  anyText,
  anyTime,
  hostileBytes,
} from '../support/arbitraries.js';
import { fuzzRuns, readVectors } from '../support/vectors.js';

interface EntryVector {
  dataHex: string;
  encodedHex: string;
  enumeratedValues: { encodedHex: string; name: string; type: EnumeratedType; valueHex: string }[];
  headerHex: string;
  label: string;
  nanoseconds: number;
  seconds: string;
  size: number;
  source: string;
  sourceHex: string;
  tag: number;
  timestamp: string;
}

const vectors = readVectors<EntryVector[]>('entries');

const good: EntryInput = {
  timestamp: new Timestamp(1, 2),
  tag: 3,
  data: 'data',
  source: '10.1.2.3',
  enumeratedValues: { name: 'value' },
};

function refusedOrDecoded(bytes: Uint8Array): void {
  try {
    decodeEntry(bytes);
  } catch (error) {
    if (!(error instanceof DecodeError)) throw error;
  }
}

describe.each(vectors)('the entry "$label"', (vector) => {
  const values = vector.enumeratedValues.map(({ encodedHex }) =>
    EnumeratedValue.decode(Buffer.from(encodedHex, 'hex'), 0),
  );
  const input: EntryInput = {
    timestamp: vector.timestamp,
    tag: vector.tag,
    data: Buffer.from(vector.dataHex, 'hex'),
    source: vector.sourceHex === '' ? undefined : Buffer.from(vector.sourceHex, 'hex'),
    enumeratedValues: values,
  };
  const bytes = Buffer.from(vector.encodedHex, 'hex');

  it('encodes as the reference has it', () => {
    const encoded = encodeEntry(input);
    expect(encoded.toString('hex')).toBe(vector.encodedHex);
    expect(encoded).toHaveLength(vector.size);
    expect(encoded.toString('hex', 0, HEADER_BYTES)).toBe(vector.headerHex);
  });

  it('decodes to its fields', () => {
    const entry = decodeEntry(bytes);
    expect(entry.timestamp.toString()).toBe(vector.timestamp);
    expect(entry.timestamp.seconds).toBe(Number(BigInt(vector.seconds) - 62135596800n));
    expect(entry.timestamp.nanoseconds).toBe(vector.nanoseconds);
    expect(entry.tag).toBe(vector.tag);
    expect(entry.data.toString('hex')).toBe(vector.dataHex);
    expect(Buffer.from(entry.source.bytes).toString('hex')).toBe(
      vector.sourceHex || '00'.repeat(16),
    );
    expect(
      entry.enumeratedValues.map(({ name, type, bytes, encoded }) => ({
        name,
        type,
        valueHex: bytes.toString('hex'),
        encodedHex: encoded.toString('hex'),
      })),
    ).toEqual(
      vector.enumeratedValues.map(({ name, type, valueHex, encodedHex }) => ({
        name,
        type,
        valueHex,
        encodedHex,
      })),
    );
  });

  it('encodes again, as it was decoded, to the byte', () => {
    expect(encodeEntry(decodeEntry(bytes)).toString('hex')).toBe(vector.encodedHex);
  });
});

describe('an entry', () => {
  const entries = fc.record({
    timestamp: anyTime,
    tag: fc.integer({ min: 0, max: 0xffff }),
    data: fc.oneof(fc.uint8Array({ maxLength: 300 }), anyText),
    source: fc.option(anyAddress, { nil: undefined }),
    enumeratedValues: fc.uniqueArray(anyEnumeratedValue, {
      selector: ({ name }) => name,
      maxLength: 4,
    }),
  });

  it('decodes to what was encoded', () => {
    fc.assert(
      fc.property(entries, (entry) => {
        const decoded = decodeEntry(encodeEntry(entry));
        expect(decoded.timestamp).toEqual(Timestamp.from(entry.timestamp));
        expect(decoded.tag).toBe(entry.tag);
        expect(decoded.data).toEqual(Buffer.from(entry.data as Uint8Array));
        expect(decoded.source).toEqual(Source.from(entry.source ?? '::'));
        expect(decoded.enumeratedValues.map(({ encoded }) => encoded)).toEqual(
          entry.enumeratedValues.map(({ encoded }) => encoded),
        );
        expect(encodeEntry(decoded)).toEqual(encodeEntry(entry));
      }),
      fuzzRuns(2000),
    );
  });

  it('is an entry or a DecodeError, whatever the bytes', () => {
    fc.assert(fc.property(hostileBytes(encodeEntry(good)), refusedOrDecoded), fuzzRuns(2000));
  });

  it('is refused when it is cut anywhere or goes on', () => {
    const bytes = encodeEntry(good);
    for (let end = 0; end < bytes.length; end++) {
      expect(() => decodeEntry(bytes.subarray(0, end))).toThrow(DecodeError);
    }
    expect(() => decodeEntry(Buffer.concat([bytes, Buffer.of(0)]))).toThrow(DecodeError);
  });

  it('does not change with the bytes it was read from', () => {
    const bytes = encodeEntry(good);
    const entry = decodeEntry(bytes);
    bytes.fill(0);
    expect(entry.data.toString()).toBe('data');
    expect(entry.source.toString()).toBe('10.1.2.3');
    expect(entry.enumeratedValues[0]?.value).toBe('value');
  });

  it('is read from bytes in the middle of a buffer', () => {
    const bytes = new Uint8Array(200);
    const encoded = encodeEntry(good);
    bytes.set(encoded, 5);
    expect(encodeEntry(decodeEntry(bytes.subarray(5, 5 + encoded.length)))).toEqual(encoded);
  });

  it('has U+FFFD for a lone surrogate in its data', () => {
    const { data } = decodeEntry(encodeEntry({ ...good, data: 'a\ud800b\udfff' }));
    expect(data.toString()).toBe('a\ufffdb\ufffd');
  });

  it('has no block when it has no enumerated values', () => {
    for (const enumeratedValues of [undefined, [], {}]) {
      const bytes = encodeEntry({ ...good, enumeratedValues });
      expect(bytes).toHaveLength(HEADER_BYTES + 4);
      expect(decodeEntryHeader(bytes).hasValues).toBe(false);
    }
  });

  it('is accepted with an empty block', () => {
    const bytes = Buffer.concat([encodeEntry({ ...good, enumeratedValues: [] }), Buffer.alloc(8)]);
    bytes.writeUInt32LE((bytes.readUInt32LE(0) | FLAG_VALUES) >>> 0, 0);
    bytes.writeUInt32LE(8, bytes.length - 8);
    expect(decodeEntry(bytes).enumeratedValues).toEqual([]);
  });

  it.each([-1, 65536, 0.5, Number.NaN, '1', undefined])('refuses the tag %s', (tag) => {
    expect(() => encodeEntry({ ...good, tag: tag as number })).toThrow(InvalidEntryError);
  });

  it.each([null, undefined, 1, [1], {}])('refuses the data %s', (data) => {
    expect(() => encodeEntry({ ...good, data: data as unknown as string })).toThrow(
      InvalidEntryError,
    );
  });

  it('refuses a bad timestamp, source or enumerated value, each by its own error', () => {
    expect(() => encodeEntry({ ...good, timestamp: 'never' })).toThrow(InvalidTimestampError);
    expect(() => encodeEntry({ ...good, source: 'nowhere' })).toThrow(InvalidSourceError);
    expect(() => encodeEntry({ ...good, enumeratedValues: { '': 1 } })).toThrow(
      InvalidEnumeratedValueError,
    );
  });

  it('refuses data of 1 GiB before it copies them', () => {
    // Never written to, so that it takes no memory.
    const data = new Uint8Array(MAX_DATA_BYTES + 1);
    expect(() => encodeEntry({ ...good, data })).toThrow(OversizedEntryError);
  });

  it.each([
    ['the largest i64', 2n ** 63n - 1n],
    ['2^53 Unix seconds', 2n ** 53n + 62135596800n],
    ['-2^53 Unix seconds', -(2n ** 53n) + 62135596800n],
  ])('is refused with a time of %s instead of rounding it', (_, seconds) => {
    const bytes = encodeEntry(good);
    bytes.writeBigInt64LE(seconds, 4);
    expect(() => decodeEntry(bytes)).toThrow(DecodeError);
  });

  it('is refused with a block over 32 MiB before anything is copied', () => {
    const bytes = Buffer.alloc(HEADER_BYTES + MAX_BLOCK_BYTES + 1);
    bytes.writeUInt32LE(FLAG_VALUES, 0);
    expect(() => decodeEntry(bytes)).toThrow(LimitError);
  });
});

describe('a header', () => {
  it('is read from the start of an entry, whatever follows', () => {
    const bytes = encodeEntry({ ...good, enumeratedValues: undefined }).subarray(0, HEADER_BYTES);
    expect(decodeEntryHeader(bytes)).toEqual({
      timestamp: new Timestamp(1, 2),
      tag: 3,
      source: Source.parse('10.1.2.3'),
      dataLength: 4,
      hasValues: false,
    });
  });

  it('has flags and length in one word', () => {
    expect((FLAG_IPV4 | FLAG_VALUES | LENGTH_MASK) >>> 0).toBe(0xffffffff);
    expect(LENGTH_MASK).toBe(MAX_DATA_BYTES);
    const header = Buffer.alloc(HEADER_BYTES);
    header.writeUInt32LE(0xffffffff, 0);
    expect(decodeEntryHeader(header)).toMatchObject({
      dataLength: MAX_DATA_BYTES,
      hasValues: true,
      source: { isIPv4: true },
    });
  });

  it('has its fields in a frame where the offsets say', () => {
    const entry = encodeEntry(good);
    const frame = Buffer.concat([
      Buffer.alloc(4),
      entry.subarray(0, HEADER_BYTES),
      Buffer.alloc(8),
    ]);
    expect(frame).toHaveLength(FRAME_BYTES);
    expect(frame.readUInt32LE(FRAME_LENGTH_OFFSET)).toBe(4 + FLAG_IPV4 + FLAG_VALUES);
    expect(frame.readBigInt64LE(FRAME_SECONDS_OFFSET)).toBe(62135596801n);
    expect(frame.readUInt32LE(FRAME_NANOSECONDS_OFFSET)).toBe(2);
    expect(frame.readUInt16LE(FRAME_TAG_OFFSET)).toBe(3);
    expect(frame.toString('hex', FRAME_SOURCE_OFFSET, FRAME_SOURCE_OFFSET + 4)).toBe('0a010203');
    expect(FRAME_ID_OFFSET).toBe(4 + HEADER_BYTES);
  });

  it('is followed by the data and then the block', () => {
    const block = encodeEnumeratedBlock([
      EnumeratedValue.of('name', EnumeratedType.string, 'value'),
    ]);
    expect(encodeEntry(good).subarray(HEADER_BYTES)).toEqual(
      Buffer.concat([Buffer.from('data'), block]),
    );
  });
});
