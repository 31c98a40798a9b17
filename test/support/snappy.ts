import { SnappyFramingDecoder } from '@ringest/codec';

/** All plain bytes that a piece of a snappy framing-format stream completes. */
export function unpack(piece: Uint8Array, decoder = new SnappyFramingDecoder()): Buffer {
  const plain: Buffer[] = [];
  decoder.decode(piece, (bytes) => plain.push(Buffer.from(bytes)));
  return Buffer.concat(plain);
}
