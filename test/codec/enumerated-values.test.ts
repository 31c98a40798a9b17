import {
  checkEnumeratedBlock,
  DecodeError,
  decodeEnumeratedBlock,
  type EnumeratedScalar,
  EnumeratedType,
  EnumeratedValue,
  encodeEnumeratedBlock,
  enumeratedBlockSize,
  InvalidEnumeratedValueError,
  LimitError,
  MAX_BLOCK_BYTES,
  OversizedEnumeratedBlockError,
  Source,
  Timestamp,
} from '@ringest/codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anyEnumeratedValue, hostileBytes } from '../support/arbitraries.js';
import { fuzzRuns, readVectors } from '../support/vectors.js';

interface ValueVector {
  encodedHex: string;
  name: string;
  size: number;
  type: EnumeratedType;
  value: string;
  valueHex: string;
}

interface EnumeratedVectors {
  blockHex: string;
  decode: { accepted: boolean; hex: string; label: string; referenceError: string }[];
  values: ValueVector[];
}

const vectors = readVectors<EnumeratedVectors>('enumerated-values');
const block = Buffer.from(vectors.blockHex, 'hex');

/** What each value of the vectors is in JavaScript, by its name. */
const contents: Readonly<Record<string, EnumeratedValue['value']>> = {
  bytes: Buffer.from([0, 1, 2, 255]),
  true: true,
  false: false,
  byte: 200,
  int8: -7,
  int16: -1234,
  uint16: 65535,
  int32: -123456789,
  uint32: 4294967295,
  int64: -9223372036854775808n,
  uint64: 18446744073709551615n,
  float32: 3.25,
  float64: -Math.E,
  string: 'héllo wörld ☃',
  empty: '',
  mac: 'de:ad:be:ef:00:01',
  ipv4: Source.parse('192.168.1.1'),
  ipv6: Source.parse('2001:db8::1'),
  ts: Timestamp.parse('2026-11-22T01:02:03.456789012Z'),
  duration: 5_400_005_000_000n,
  negduration: -1_500_000_000n,
};

function content(name: string): EnumeratedValue['value'] {
  const value = contents[name];
  if (value === undefined) throw new Error(`the test has no value for the vector ${name}`);
  return value;
}

function verdict(hex: string): boolean {
  return isAccepted(() => decodeEnumeratedBlock(Buffer.from(hex, 'hex')));
}

/** The verdict of the check alone, on a block that lies among other bytes. */
function checkedVerdict(bytes: Buffer): boolean {
  const around = Buffer.concat([Buffer.alloc(3, 1), bytes, Buffer.alloc(5, 1)]);
  return isAccepted(() => checkEnumeratedBlock(around, 3, 3 + bytes.length));
}

function isAccepted(read: () => unknown): boolean {
  try {
    read();
    return true;
  } catch (error) {
    if (error instanceof DecodeError) return false;
    throw error;
  }
}

function withChange(offset: number, byte: number): Buffer {
  const changed = Buffer.from(block);
  changed[offset] = byte;
  return changed;
}

describe.each(vectors.values)('the value $name of type $type', (vector) => {
  it('encodes as the reference has it', () => {
    const value = EnumeratedValue.of(vector.name, vector.type, content(vector.name) as never);
    expect(value.encoded.toString('hex')).toBe(vector.encodedHex);
    expect(value.encoded).toHaveLength(vector.size);
  });

  it('decodes to its name, type, bytes and value', () => {
    const value = EnumeratedValue.decode(Buffer.from(vector.encodedHex, 'hex'), 0);
    expect(value.name).toBe(vector.name);
    expect(value.type).toBe(vector.type);
    expect(value.bytes.toString('hex')).toBe(vector.valueHex);
    expect(value.value).toEqual(content(vector.name));
  });
});

// Go prints durations in units of its own, and floats to twelve digits.
it.each(vectors.values.filter(({ type }) => type !== EnumeratedType.duration))(
  'the value $name reads as the reference prints it',
  ({ encodedHex, value: printed }) => {
    const { value } = EnumeratedValue.decode(Buffer.from(encodedHex, 'hex'), 0);
    expect(String(typeof value === 'number' ? Number(value.toPrecision(12)) : value)).toBe(printed);
  },
);

describe('a block', () => {
  it('encodes as the reference has it', () => {
    const values = vectors.values.map(({ name, type }) =>
      EnumeratedValue.of(name, type, content(name) as never),
    );
    expect(encodeEnumeratedBlock(values).toString('hex')).toBe(vectors.blockHex);
  });

  it.each(vectors.decode)('is judged as the reference does: $label', ({ hex, accepted }) => {
    expect(verdict(hex)).toBe(accepted);
    expect(checkedVerdict(Buffer.from(hex, 'hex'))).toBe(accepted);
  });

  it.each(vectors.decode.filter(({ accepted }) => accepted))(
    'is encoded again to the byte: $label',
    ({ hex }) => {
      const values = decodeEnumeratedBlock(Buffer.from(hex, 'hex'));
      expect(encodeEnumeratedBlock(values).toString('hex')).toBe(hex);
    },
  );

  it('is not there when there is no value', () => {
    expect(encodeEnumeratedBlock([])).toHaveLength(0);
    expect(encodeEnumeratedBlock({})).toHaveLength(0);
  });

  it('has a value replaced in place by a later one of the same name', () => {
    const values = decodeEnumeratedBlock(
      encodeEnumeratedBlock([
        EnumeratedValue.infer('k', 'first'),
        EnumeratedValue.infer('j', 1),
        EnumeratedValue.infer('k', 2),
      ]),
    );
    expect(values.map(({ name, value }) => [name, value])).toEqual([
      ['k', 2n],
      ['j', 1n],
    ]);
  });

  it('is made from names and values', () => {
    const values = decodeEnumeratedBlock(encodeEnumeratedBlock({ a: true, b: 'text' }));
    expect(values.map(({ name, value }) => [name, value])).toEqual([
      ['a', true],
      ['b', 'text'],
    ]);
  });

  it('keeps names apart that are not UTF-8 and read the same', () => {
    const names = [0xff, 0xfe].map((byte) => {
      const { encoded } = EnumeratedValue.infer('x', 1);
      encoded[8] = byte;
      return EnumeratedValue.decode(encoded, 0);
    });
    expect(names.map(({ name }) => name)).toEqual(['\ufffd', '\ufffd']);
    expect(decodeEnumeratedBlock(encodeEnumeratedBlock(names))).toHaveLength(2);
  });

  it('is copied when it is decoded', () => {
    const bytes = Buffer.from(block);
    const values = decodeEnumeratedBlock(bytes);
    bytes.fill(0);
    expect(values[0]?.name).toBe('bytes');
    expect(values[0]?.value).toEqual(Buffer.from([0, 1, 2, 255]));
  });

  it('decodes to what was encoded', () => {
    fc.assert(
      fc.property(fc.array(anyEnumeratedValue), (values) => {
        const byName = new Map(values.map((value) => [value.name, value]));
        const encoded = encodeEnumeratedBlock(values);
        if (values.length === 0) return;
        const decoded = decodeEnumeratedBlock(encoded);
        expect(decoded.map(({ encoded }) => encoded)).toEqual(
          [...byName.values()].map(({ encoded }) => encoded),
        );
        expect(decoded.map(({ value }) => value)).toEqual(
          [...byName.values()].map(({ value }) => value),
        );
      }),
      fuzzRuns(500),
    );
  });

  it('is a block or a DecodeError, whatever the bytes', () => {
    fc.assert(
      fc.property(hostileBytes(block), (bytes) => {
        const isBlock = verdict(bytes.toString('hex'));
        expect(checkedVerdict(bytes)).toBe(isBlock);
        if (!isBlock) return;
        for (const value of decodeEnumeratedBlock(bytes)) {
          expect(value.encoded).toHaveLength(8 + value.nameBytes.length + value.bytes.length);
        }
      }),
      fuzzRuns(2000),
    );
  });

  it('is refused when values of a MAC or IP have a length they cannot have', () => {
    const value = (type: number, length: number): boolean => {
      const total = 9 + length;
      const bytes = Buffer.alloc(8 + total, 1);
      bytes.writeUInt32LE(bytes.length, 0);
      bytes.writeUInt16LE(1, 4);
      bytes.writeUInt16LE(0, 6);
      bytes.writeUInt16LE(total, 8);
      bytes.writeUInt16LE(1, 10);
      bytes.writeUInt16LE(length, 12);
      bytes.writeUInt16LE(type, 14);
      return verdict(bytes.toString('hex'));
    };
    const accepted = (type: number): number[] =>
      Array.from({ length: 24 }, (_, length) => length).filter((length) => value(type, length));
    expect(accepted(EnumeratedType.mac)).toEqual([0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20]);
    expect(accepted(EnumeratedType.ip)).toEqual([4, 16]);
    expect(accepted(EnumeratedType.timestamp)).toEqual([12]);
    expect(accepted(EnumeratedType.duration)).toEqual([8]);
    expect(accepted(EnumeratedType.bool)).toEqual([1]);
    expect(accepted(EnumeratedType.int32)).toEqual([4]);
    expect(accepted(EnumeratedType.string)).toHaveLength(24);
  });

  it('holds 65535 values and no more', () => {
    const values = Array.from({ length: 65536 }, (_, i) => EnumeratedValue.infer(`${i}`, true));
    expect(decodeEnumeratedBlock(encodeEnumeratedBlock(values.slice(1)))).toHaveLength(65535);
    expect(() => encodeEnumeratedBlock(values)).toThrow(OversizedEnumeratedBlockError);
  });

  it('holds 32 MiB and no more', () => {
    const data = Buffer.alloc(64503);
    const values = Array.from({ length: 521 }, (_, i) => EnumeratedValue.infer(`${i}`, data));
    expect(() => encodeEnumeratedBlock(values)).toThrow(OversizedEnumeratedBlockError);
    expect(encodeEnumeratedBlock(values.slice(1)).length).toBeLessThanOrEqual(MAX_BLOCK_BYTES);
  });

  it('refuses to decode more than 32 MiB', () => {
    const bytes = Buffer.alloc(MAX_BLOCK_BYTES + 1);
    expect(() => decodeEnumeratedBlock(bytes)).toThrow(LimitError);
  });
});

describe('the size of a block in a stream', () => {
  it('is not known before its header is there', () => {
    expect(enumeratedBlockSize(block, 0, 7)).toBeUndefined();
    expect(enumeratedBlockSize(block, 0, 8)).toBe(block.length);
  });

  it('is read at any offset', () => {
    const shifted = Buffer.concat([Buffer.alloc(3), block]);
    expect(enumeratedBlockSize(shifted, 3, block.length)).toBe(block.length);
  });

  it.each([0, 7, MAX_BLOCK_BYTES + 1, 0xffffffff])('cannot be %i', (size) => {
    const header = Buffer.alloc(8);
    header.writeUInt32LE(size, 0);
    expect(() => enumeratedBlockSize(header, 0, 8)).toThrow(LimitError);
  });

  it.each([8, MAX_BLOCK_BYTES])('can be %i', (size) => {
    const header = Buffer.alloc(8);
    header.writeUInt32LE(size, 0);
    expect(enumeratedBlockSize(header, 0, 8)).toBe(size);
  });

  it('is refused when the pad is not zero', () => {
    expect(() => enumeratedBlockSize(withChange(6, 1), 0, 8)).toThrow(DecodeError);
  });
});

describe('inference', () => {
  it.each<[string, EnumeratedScalar, keyof typeof EnumeratedType, unknown]>([
    ['an integer', 42, 'int64', 42n],
    ['the largest safe integer', 2 ** 53 - 1, 'int64', 9007199254740991n],
    ['an unsafe integer', 2 ** 53, 'float64', 2 ** 53],
    ['a fraction', 0.5, 'float64', 0.5],
    ['not a number', Number.NaN, 'float64', Number.NaN],
    ['infinity', Number.NEGATIVE_INFINITY, 'float64', Number.NEGATIVE_INFINITY],
    ['the largest int64', 2n ** 63n - 1n, 'int64', 2n ** 63n - 1n],
    ['the smallest int64', -(2n ** 63n), 'int64', -(2n ** 63n)],
    ['a bigint above int64', 2n ** 63n, 'uint64', 2n ** 63n],
    ['the largest uint64', 2n ** 64n - 1n, 'uint64', 2n ** 64n - 1n],
    ['text', 'text', 'string', 'text'],
    ['a boolean', false, 'bool', false],
    ['bytes', Uint8Array.of(1, 2), 'byteSlice', Buffer.of(1, 2)],
    ['a buffer', Buffer.of(1, 2), 'byteSlice', Buffer.of(1, 2)],
    ['a date', new Date(1500), 'timestamp', new Timestamp(1, 500_000_000)],
    ['a timestamp', new Timestamp(1, 2), 'timestamp', new Timestamp(1, 2)],
    ['a time', { seconds: 1, nanoseconds: 2 }, 'timestamp', new Timestamp(1, 2)],
    ['an instant', { epochNanoseconds: 1n }, 'timestamp', new Timestamp(0, 1)],
    ['a source', Source.parse('::1'), 'ip', Source.parse('::1')],
  ])('makes of %s the right type', (_, input, type, value) => {
    const inferred = EnumeratedValue.infer('name', input);
    expect(inferred.type).toBe(EnumeratedType[type]);
    expect(inferred.value).toEqual(value);
  });

  it.each([
    [2n ** 64n],
    [-(2n ** 63n) - 1n],
    [null],
    [undefined],
    [{}],
    [[1]],
    [new Date(Number.NaN)],
    [Symbol('s')],
    [() => 1],
  ])('refuses %s', (input) => {
    expect(() => EnumeratedValue.infer('name', input as unknown as EnumeratedScalar)).toThrow(
      InvalidEnumeratedValueError,
    );
  });
});

describe('a value', () => {
  it('has a name of 1 to 1024 bytes', () => {
    expect(EnumeratedValue.infer('é'.repeat(512), 1).name).toHaveLength(512);
    expect(() => EnumeratedValue.infer(`${'é'.repeat(512)}x`, 1)).toThrow(
      InvalidEnumeratedValueError,
    );
    expect(() => EnumeratedValue.infer('', 1)).toThrow(InvalidEnumeratedValueError);
  });

  it('has at most 64503 bytes', () => {
    const longest = EnumeratedValue.infer('n'.repeat(1024), Buffer.alloc(64503));
    expect(longest.encoded).toHaveLength(65535);
    expect(decodeEnumeratedBlock(encodeEnumeratedBlock([longest]))[0]).toEqual(longest);
    expect(() => EnumeratedValue.infer('n', Buffer.alloc(64504))).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ENUMERATED_VALUE', valueName: 'n' }),
    );
    expect(() => EnumeratedValue.infer('n', 'é'.repeat(32252))).toThrow(
      InvalidEnumeratedValueError,
    );
  });

  it('copies the bytes it is made of', () => {
    const bytes = Buffer.of(1, 2, 3);
    const value = EnumeratedValue.infer('n', bytes);
    bytes.fill(0);
    expect(value.value).toEqual(Buffer.of(1, 2, 3));
  });

  it('has U+FFFD for a lone surrogate, in its name and its text', () => {
    const value = EnumeratedValue.infer('a\ud800b', 'c\udfffd');
    expect(value.name).toBe('a\ufffdb');
    expect(value.value).toBe('c\ufffdd');
    expect(EnumeratedValue.decode(value.encoded, 0)).toEqual(value);
  });

  it('reads any byte but 0 as true', () => {
    const { encoded } = EnumeratedValue.infer('b', true);
    encoded[encoded.length - 1] = 9;
    expect(EnumeratedValue.decode(encoded, 0).value).toBe(true);
  });

  it('is decoded with a time beyond a Timestamp, whose reading is refused', () => {
    const { encoded } = EnumeratedValue.infer('t', new Date(0));
    encoded.fill(0xff, encoded.length - 12);
    const value = EnumeratedValue.decode(encoded, 0);
    expect(() => value.value).toThrow(DecodeError);
    expect(value.bytes).toEqual(Buffer.alloc(12, 0xff));
  });

  it.each([
    ['uint8', 256],
    ['uint8', -1],
    ['uint8', 1.5],
    ['uint8', '1'],
    ['int8', 128],
    ['int8', -129],
    ['int16', 32768],
    ['uint16', 65536],
    ['int32', 2 ** 31],
    ['int32', -(2 ** 31) - 1],
    ['uint32', 2 ** 32],
    ['int64', 2n ** 63n],
    ['int64', 2 ** 53],
    ['int64', 0.5],
    ['uint64', -1],
    ['uint64', -1n],
    ['uint64', 2n ** 64n],
    ['duration', 2n ** 63n],
    ['float32', 1e39],
    ['float32', '1'],
    ['float64', '1'],
    ['float64', 1n],
    ['bool', 1],
    ['string', 1],
    ['byteSlice', 'text'],
    ['mac', 'de:ad:be'],
    ['mac', 'de:ad:be:e'],
    ['mac', 'xx:ad'],
    ['mac', new Uint8Array(3)],
    ['mac', new Uint8Array(22)],
    ['ip', 'localhost'],
    ['ip', new Uint8Array(5)],
    ['timestamp', 'yesterday'],
    ['timestamp', Number.NaN],
  ] as const)('of type %s refuses %s', (type, input) => {
    expect(() => EnumeratedValue.of('name', EnumeratedType[type], input as never)).toThrow(
      InvalidEnumeratedValueError,
    );
  });

  it('takes numbers, bigints and text where a type has more than one form', () => {
    expect(EnumeratedValue.of('n', EnumeratedType.uint64, 7).value).toBe(7n);
    expect(EnumeratedValue.of('n', EnumeratedType.duration, -7).value).toBe(-7n);
    expect(EnumeratedValue.of('n', EnumeratedType.mac, 'DE-AD-BE-EF-00-01').value).toBe(
      'de:ad:be:ef:00:01',
    );
    expect(EnumeratedValue.of('n', EnumeratedType.mac, Buffer.alloc(8)).value).toBe(
      '00:00:00:00:00:00:00:00',
    );
    expect(EnumeratedValue.of('n', EnumeratedType.ip, '::1').value).toEqual(Source.parse('::1'));
    expect(EnumeratedValue.of('n', EnumeratedType.float32, Infinity).value).toBe(Infinity);
  });

  it.each([0, 18, 1.5, Number.NaN, '1', 'constructor'])('cannot be of type %s', (type) => {
    expect(() => EnumeratedValue.of('n', type as EnumeratedType, 1 as never)).toThrow(
      InvalidEnumeratedValueError,
    );
  });

  it('keeps the error below as its cause', () => {
    expect(() => EnumeratedValue.of('n', EnumeratedType.ip, 'nowhere')).toThrow(
      expect.objectContaining({
        cause: expect.objectContaining({ code: 'ERR_INVALID_SOURCE', input: 'nowhere' }),
      }),
    );
  });
});
