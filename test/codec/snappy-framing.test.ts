import {
  ChecksumError,
  DecodeError,
  LimitError,
  SnappyFramingDecoder,
  SnappyFramingEncoder,
} from '@ringest/codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cut } from '../support/sessions.js';
import { unpack } from '../support/snappy.js';
import { bytes, FUZZ_TIMEOUT_MS, fuzzRuns, readVectors } from '../support/vectors.js';

interface Vector {
  readonly label: string;
  readonly plainHex: string;
  readonly framedHex: string;
}

const vectors = readVectors<Vector[]>('snappy-framing');
const IDENTIFIER = 'ff060000734e61507059';

function decodeAll(pieces: Iterable<Uint8Array>): Buffer {
  const decoder = new SnappyFramingDecoder();
  const plain: Buffer[] = [];
  for (const piece of pieces) {
    const chunk = Uint8Array.from(piece);
    plain.push(unpack(chunk, decoder));
    chunk.fill(0xee);
  }
  return Buffer.concat(plain);
}

function encodeAll(writes: Iterable<Uint8Array>): Buffer {
  const encoder = new SnappyFramingEncoder();
  return Buffer.concat(Array.from(writes, (write) => encoder.encode(write)));
}

/** Chunk types of a framed stream. */
function chunkTypes(framed: Buffer): number[] {
  const types: number[] = [];
  for (let offset = 0; offset < framed.length; offset += 4 + framed.readUIntLE(offset + 1, 3)) {
    types.push(framed.readUInt8(offset));
  }
  return types;
}

describe('snappy framing', () => {
  it.each(vectors)('decodes the stream of the reference: $label', ({ plainHex, framedHex }) => {
    expect(decodeAll([bytes(framedHex)]).equals(bytes(plainHex))).toBe(true);
    expect(decodeAll(cut(bytes(framedHex), [1])).equals(bytes(plainHex))).toBe(true);
  });

  it.each(vectors)('makes the chunks that the reference makes: $label', (vector) => {
    const plain = bytes(vector.plainHex);
    const framed = bytes(vector.framedHex);
    const encoded = encodeAll(vector.label === 'two writes' ? cut(plain, [6, 5]) : [plain]);
    expect(chunkTypes(encoded)).toEqual(chunkTypes(framed));
    expect(decodeAll([encoded]).equals(plain)).toBe(true);
    // Plain chunks leave nothing to choose.
    if (!chunkTypes(framed).includes(0)) expect(encoded.equals(framed)).toBe(true);
  });

  it(
    'gives back what went in, whatever the writes and the chunk boundaries',
    () => {
      const write = fc.oneof(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 0, max: 200_000 }).map((length) => new Uint8Array(length)),
      );
      const sizes = fc.array(fc.integer({ min: 1, max: 70_000 }), { minLength: 1 });
      fc.assert(
        fc.property(fc.array(write), sizes, (writes, pieces) => {
          const decoded = decodeAll(cut(encodeAll(writes), pieces));
          expect(decoded.equals(Buffer.concat(writes))).toBe(true);
        }),
        fuzzRuns(200),
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it('encodes shared memory', () => {
    const shared = new Uint8Array(new SharedArrayBuffer(100_000)).fill(7);
    expect(decodeAll([encodeAll([shared])]).equals(shared)).toBe(true);
  });

  it('skips chunks that may be skipped without holding them, and further identifiers', () => {
    const [vector] = vectors as [Vector];
    const decoder = new SnappyFramingDecoder();
    const skipped = Buffer.alloc(4 + 10_000_000);
    skipped.writeUInt32LE(0x80 + 10_000_000 * 256);
    unpack(bytes(vector.framedHex), decoder);
    for (const piece of cut(skipped, [10_000])) {
      expect(unpack(piece, decoder).length).toBe(0);
      expect(decoder.heldBytes).toBeLessThan(100_000);
    }
    expect(unpack(bytes(vector.framedHex), decoder).equals(bytes(vector.plainHex))).toBe(true);
  });

  it.each([
    ['a chunk before the identifier', '0109000000bb1f1c1968656c6c6f', DecodeError],
    ['a skippable chunk before the identifier', '80000000', DecodeError],
    ['another identifier', 'ff060000734e6150705a', DecodeError],
    ['an identifier of another length', 'ff070000', LimitError],
    ['a reserved type', `${IDENTIFIER}02000000`, DecodeError],
    ['a reserved type at the end of the range', `${IDENTIFIER}7f000000`, DecodeError],
    ['a plain chunk without a checksum', `${IDENTIFIER}01030000`, LimitError],
    ['a plain chunk over 65536 bytes', `${IDENTIFIER}01050001`, LimitError],
    ['a compressed chunk of nothing', `${IDENTIFIER}00040000`, LimitError],
    ['a compressed chunk longer than it can be', `${IDENTIFIER}000000ff`, LimitError],
    ['a block that promises over 65536 bytes', `${IDENTIFIER}000700000000000081800400`, LimitError],
    ['a block that promises 4 GiB', `${IDENTIFIER}0009000000000000ffffffff0f`, LimitError],
    ['a block that is no block', `${IDENTIFIER}0007000000000000ffff01`, DecodeError],
    ['a block whose length never ends', `${IDENTIFIER}000a000000000000808080808080`, DecodeError],
    ['a wrong checksum', `${IDENTIFIER}01090000bb1f1c1868656c6c6f`, ChecksumError],
    ['a changed byte', `${IDENTIFIER}01090000bb1f1c1969656c6c6f`, ChecksumError],
  ])('refuses %s', (_name, hex, error) => {
    expect(() => decodeAll([bytes(hex)])).toThrow(error);
  });

  it(
    'returns or throws a DecodeError on any bytes, and holds no more than a chunk',
    () => {
      const anything = fc.array(
        fc.oneof(
          fc.constant(bytes(IDENTIFIER)),
          fc.uint8Array({ maxLength: 64 }),
          fc.constantFrom(...vectors).map(({ framedHex }) => bytes(framedHex).subarray(10)),
        ),
      );
      const sizes = fc.array(fc.integer({ min: 1, max: 1000 }), { minLength: 1 });
      fc.assert(
        fc.property(anything, sizes, fc.nat(), (parts, pieces, flip) => {
          const stream = Buffer.concat([bytes(IDENTIFIER), ...parts]);
          const at = 10 + (flip % Math.max(1, stream.length - 10));
          if (flip % 3 === 0 && at < stream.length) stream[at] = (stream[at] ?? 0) ^ 0x10;
          const decoder = new SnappyFramingDecoder();
          try {
            for (const piece of cut(stream, pieces)) {
              unpack(piece, decoder);
              expect(decoder.heldBytes).toBeLessThan(200_000);
            }
          } catch (error) {
            expect(error).toBeInstanceOf(DecodeError);
          }
        }),
        fuzzRuns(300),
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});
