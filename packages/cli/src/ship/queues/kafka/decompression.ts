import kafkajs from 'kafkajs';

/** What Java's clients write before blocks of snappy, with two numbers of a version behind it. */
const BLOCKS = Buffer.from('\x82SNAPPY\0', 'latin1');
const BLOCKS_HEADER_BYTES = BLOCKS.length + 8;

type Decompress = (bytes: Buffer) => Promise<Buffer>;

/**
 * Lets kafkajs read messages in snappy, LZ4 and Zstandard. By itself it reads gzip alone. A library is loaded when the
 * first messages need it: two of them are native.
 */
export function readAllCompressions(): void {
  const { CompressionCodecs, CompressionTypes } = kafkajs;
  const codecs: readonly (readonly [type: 2 | 3 | 4, decompress: Decompress])[] = [
    [CompressionTypes.Snappy, snappy],
    [CompressionTypes.LZ4, lz4],
    [CompressionTypes.ZSTD, zstd],
  ];
  for (const [type, decompress] of codecs) CompressionCodecs[type] = () => ({ decompress });
}

async function snappy(bytes: Buffer): Promise<Buffer> {
  const { uncompress } = await import('snappy');
  const plain = async (block: Buffer) => Buffer.from(await uncompress(block, { asBuffer: true }));
  if (!bytes.subarray(0, BLOCKS.length).equals(BLOCKS)) return plain(bytes);
  const blocks: Promise<Buffer>[] = [];
  for (let at = BLOCKS_HEADER_BYTES; at < bytes.length; ) {
    const start = at + 4;
    at = start + bytes.readUInt32BE(at);
    blocks.push(plain(bytes.subarray(start, at)));
  }
  return Buffer.concat(await Promise.all(blocks));
}

async function lz4(bytes: Buffer): Promise<Buffer> {
  const { decompressFrame } = await import('lz4-napi');
  return decompressFrame(bytes);
}

async function zstd(bytes: Buffer): Promise<Buffer> {
  const { decompress } = await import('fzstd');
  const { buffer, byteOffset, length } = decompress(bytes);
  return Buffer.from(buffer, byteOffset, length);
}
