import assert from 'node:assert/strict';
import { ChecksumError, SnappyFramingDecoder, SnappyFramingEncoder } from '@ringest/codec';
import { bytes, readVectors } from '../../support/vectors.js';
import { attempt, cuttings, kindOf } from '../properties.js';
import type { Target } from '../target.js';

const IDENTIFIER = bytes('ff060000734e61507059');
const CHUNK_HEADER_BYTES = 4;
const CHECKSUM_BYTES = 4;

function readFramed(pieces: Iterable<Buffer>) {
  const decoder = new SnappyFramingDecoder();
  const plain: Buffer[] = [];
  let arrived = 0;
  const result = attempt(() => {
    for (const piece of pieces) {
      const chunk = Buffer.from(piece);
      arrived += chunk.length;
      decoder.decode(chunk, (unpacked) => {
        assert.ok(
          unpacked.length > 0 && unpacked.length <= 65536,
          'a chunk has a size it cannot have',
        );
        plain.push(Buffer.from(unpacked));
        unpacked.fill(0xee);
      });
      chunk.fill(0xee);
      assert.ok(decoder.heldBytes <= 2 * arrived, 'more is held than has arrived');
    }
  });
  return { plain, error: 'error' in result ? result.error : undefined };
}

function run(input: Buffer): readonly string[] {
  const [whole, ...cut] = cuttings(input).map(readFramed);
  assert.ok(whole);
  for (const other of cut) assert.deepEqual(other, whole, 'it depends on the pieces it comes in');
  const plain = Buffer.concat(whole.plain);
  const again = readFramed([new SnappyFramingEncoder().encode(plain)]);
  assert.deepEqual(again.error, undefined);
  assert.deepEqual(Buffer.concat(again.plain), plain, 'it is another when it is encoded');
  const features = whole.plain.map(({ length }) => `plain ${Math.ceil(Math.log2(length))}`);
  return whole.error === undefined ? features : [...features, kindOf(whole.error)];
}

/** Gives every whole chunk the checksum of what it unpacks to, which the decoder's error tells. */
export function repairChecksums(input: Buffer, start: number): Buffer {
  for (let at = start; at + CHUNK_HEADER_BYTES + CHECKSUM_BYTES <= input.length; ) {
    const end = at + CHUNK_HEADER_BYTES + input.readUIntLE(at + 1, 3);
    const chunk = Buffer.concat([IDENTIFIER, input.subarray(at, end)]);
    try {
      new SnappyFramingDecoder().decode(chunk, () => {});
    } catch (error) {
      const [checksum] = (error instanceof ChecksumError && /\d+/.exec(error.message)) || [];
      if (checksum !== undefined) input.writeUInt32LE(Number(checksum), at + CHUNK_HEADER_BYTES);
    }
    at = end;
  }
  return input;
}

const vectors = readVectors<{ readonly framedHex: string }[]>('snappy-framing');

/** The compression of a stream. */
export const SNAPPY: readonly Target[] = [
  {
    name: 'snappy-framing',
    seeds: [
      ...vectors.map(({ framedHex }) => bytes(framedHex)).filter(({ length }) => length < 1000),
      new SnappyFramingEncoder().encode(Buffer.alloc(65536, 'abcd')).subarray(0, 1000),
      Buffer.concat([IDENTIFIER, bytes('80030000aabbcc'), IDENTIFIER]),
      // Chunks too short for a checksum, and for what must follow it.
      Buffer.concat([IDENTIFIER, bytes('01030000aabbcc')]),
      Buffer.concat([IDENTIFIER, bytes('00000000')]),
      Buffer.concat([IDENTIFIER, bytes('00040000aabbccdd')]),
    ],
    words: [
      IDENTIFIER,
      bytes('00'),
      bytes('01040000d8ea82a2'),
      bytes('80000000'),
      bytes('fd0100ff'),
      bytes('02000000'),
      bytes('01000000'),
      bytes('0003000000'),
      bytes('808004'),
      bytes('ffff03'),
      bytes('fe0100'),
    ],
    run,
    repair: (input) => repairChecksums(input, 0),
    long: (size) => new SnappyFramingEncoder().encode(Buffer.alloc(size * 20, 'abcd')),
  },
];
