import { SnappyFramingEncoder } from '@ringest/codec';

/** What every snappy framing-format stream begins with (§9). */
export const IDENTIFIER = Buffer.from('\xff\x06\x00\x00sNaPpY', 'latin1');

/** A chunk of any type; its length is that of its body unless another one is given. */
export function chunk(type: number, body: Uint8Array, length = body.length): Buffer {
  const header = Buffer.alloc(4);
  header.writeUInt8(type, 0);
  header.writeUIntLE(length, 1, 3);
  return Buffer.concat([header, body]);
}

/** A compressed chunk whose block begins with this promise of plain bytes, with no such checksum. */
export function promising(plainBytes: number): Buffer {
  const varint: number[] = [];
  let rest = plainBytes;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) varint.push((rest % 0x80) | 0x80);
  varint.push(rest);
  return chunk(0x00, Buffer.concat([Buffer.alloc(4), Buffer.from(varint), Buffer.alloc(64)]));
}

/** The chunks that plain bytes make, without the identifier. */
export function chunksOf(plain: Uint8Array): Buffer {
  return new SnappyFramingEncoder().encode(plain).subarray(IDENTIFIER.length);
}

/** The same, with a checksum that is wrong by a bit. */
export function wrongChecksum(plain: Uint8Array): Buffer {
  const chunks = Buffer.from(chunksOf(plain));
  chunks.writeUInt8(chunks.readUInt8(4) ^ 1, 4);
  return chunks;
}

/** What ends a compressed stream, after its identifier: by name, with what is wrong about it. */
export const BROKEN_CHUNKS: readonly (readonly [what: string, bytes: Buffer, problem: RegExp])[] = [
  ['a wrong checksum', wrongChecksum(Buffer.alloc(100)), /its checksum is/],
  ['a wrong checksum of plain bytes', wrongChecksum(Buffer.from('plain')), /its checksum is/],
  ['the first reserved type', chunk(0x02, Buffer.alloc(8)), /type 0x02 is unknown/],
  ['the last reserved type', chunk(0x7f, Buffer.alloc(8)), /type 0x7f is unknown/],
  ['a compressed chunk that is too long', chunk(0, Buffer.alloc(0), 0xff_ffff), /its length of/],
  ['a plain chunk that is too long', chunk(1, Buffer.alloc(0), 65_541), /its length of 65541/],
  ['a chunk without room for a checksum', chunk(1, Buffer.alloc(3)), /its length of 3/],
  ['an identifier that is too long', chunk(0xff, Buffer.from('sNaPpYs')), /its length of 7/],
  [
    'an identifier of something else',
    chunk(0xff, Buffer.from('SnApPy')),
    /not the identifier of a stream/,
  ],
  ['a block that promises 64 KiB and one', promising(65_537), /its length of 65537/],
  ['a block that promises 4 GiB', promising(2 ** 32 - 1), /its length of 4294967295/],
  ['a block that is not one', promising(1000), /does not uncompress/],
  ['a block without end of its length', chunk(0, Buffer.alloc(12, 0xff)), /its length of/],
];
