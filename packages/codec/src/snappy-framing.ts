import { types } from 'node:util';
import { ByteQueue } from './byte-queue.js';
import { ChecksumError, DecodeError, LimitError } from './errors.js';
import { snappyLibrary } from './snappy-library.js';

const STRUCTURE = 'snappy chunk';

const ChunkType = { compressed: 0x00, plain: 0x01, skippable: 0x80, identifier: 0xff } as const;

const IDENTIFIER = Buffer.from('\xff\x06\x00\x00sNaPpY', 'latin1');

/** The bytes of the type and the length of a chunk. */
const CHUNK_HEADER_BYTES = 4;
const CHECKSUM_BYTES = 4;

/** The most uncompressed bytes of a chunk. */
const MAX_PLAIN_BYTES = 65536;

/** The most compressed bytes that snappy makes of {@link MAX_PLAIN_BYTES}. */
const MAX_COMPRESSED_BYTES = 32 + MAX_PLAIN_BYTES + Math.ceil(MAX_PLAIN_BYTES / 6);

/** Has the library copy its output: its own memory would be freed late, and costs page faults. */
const COPIED = { asBuffer: true, copyOutputData: true } as const;

/** Encodes one stream in the snappy framing format (§9). Each call ends at the end of a chunk. */
export class SnappyFramingEncoder {
  #identified = false;
  #unshared: Buffer | undefined;

  /**
   * Encodes bytes as chunks in a new buffer. The first chunk is preceded by the identifier of the stream.
   * `bytes` may be in shared memory.
   */
  encode(bytes: Uint8Array): Buffer {
    return Buffer.concat(this.encodeParts(bytes));
  }

  /**
   * Encodes bytes as {@link encode} does, and returns parts that must be sent one after the other. Bytes
   * that compression does not make smaller are not copied: their part is a view into `bytes`.
   */
  encodeParts(bytes: Uint8Array): Uint8Array[] {
    const parts: Uint8Array[] = [];
    if (!this.#identified && bytes.length > 0) {
      parts.push(IDENTIFIER);
      this.#identified = true;
    }
    for (let start = 0; start < bytes.length; start += MAX_PLAIN_BYTES) {
      this.#encodeChunk(bytes.subarray(start, start + MAX_PLAIN_BYTES), parts);
    }
    return parts;
  }

  #encodeChunk(bytes: Uint8Array, parts: Uint8Array[]): void {
    const plain = types.isSharedArrayBuffer(bytes.buffer) ? this.#copyShared(bytes) : bytes;
    const compressed = snappyLibrary().compressSync(plain, COPIED);
    // The rule of the reference: a chunk that shrinks by less than an eighth is sent uncompressed.
    const pays = compressed.length < plain.length - Math.floor(plain.length / 8);
    const payload = pays ? compressed : bytes;
    const header = Buffer.allocUnsafe(CHUNK_HEADER_BYTES + CHECKSUM_BYTES);
    header.writeUInt8(pays ? ChunkType.compressed : ChunkType.plain, 0);
    header.writeUIntLE(CHECKSUM_BYTES + payload.length, 1, 3);
    header.writeUInt32LE(maskedChecksum(plain), CHUNK_HEADER_BYTES);
    parts.push(header, payload);
  }

  /**
   * Copies bytes out of shared memory, from which native libraries were seen to read garbage. The copy is
   * valid until the next one. `fill` is native; `set` from shared memory copies byte by byte.
   */
  #copyShared(bytes: Uint8Array): Buffer {
    this.#unshared ??= Buffer.allocUnsafeSlow(MAX_PLAIN_BYTES);
    return this.#unshared.subarray(0, bytes.length).fill(bytes);
  }
}

/** Decodes one stream in the snappy framing format (§9), in pieces of any size. */
export class SnappyFramingDecoder {
  readonly #queue = new ByteQueue();
  #identified = false;
  /** How many bytes of a skippable chunk are still missing. They are dropped as they arrive. */
  #skip = 0;

  /** Whether a part of a chunk has arrived, and the rest has not. */
  get isInChunk(): boolean {
    return this.#queue.length > 0 || this.#skip > 0;
  }

  /** The memory for an incomplete chunk, in bytes. */
  get heldBytes(): number {
    return this.#queue.capacity;
  }

  /**
   * Decodes bytes, and calls `take` with the uncompressed bytes of every chunk that they complete: 1 to
   * 65536 bytes, valid until `take` returns. `bytes` may be reused after this call.
   *
   * @throws {ChecksumError} if a checksum does not match.
   * @throws {LimitError} if a chunk is longer than its type allows, or uncompresses to more than 65536 bytes.
   * @throws {DecodeError} if the bytes are malformed otherwise. After an error the decoder cannot be used any more.
   * @throws whatever `take` throws.
   */
  decode(bytes: Uint8Array, take: (plain: Buffer) => void): void {
    this.#queue.push(bytes);
    while (this.#decodeChunk(take));
  }

  /** Whether there was a whole chunk, or a part of a skippable one. */
  #decodeChunk(take: (plain: Buffer) => void): boolean {
    const queue = this.#queue;
    if (this.#skip > 0) {
      const dropped = Math.min(this.#skip, queue.length);
      queue.take(dropped);
      this.#skip -= dropped;
      return dropped > 0;
    }
    if (queue.length < CHUNK_HEADER_BYTES) return false;
    const header = queue.peek(CHUNK_HEADER_BYTES).readUInt32LE(0);
    const type = header & 0xff;
    const length = header >>> 8;
    if (type !== ChunkType.identifier && !this.#identified) {
      throw new DecodeError(STRUCTURE, 'the stream does not begin with its identifier');
    }
    if (type >= ChunkType.skippable && type !== ChunkType.identifier) {
      queue.take(CHUNK_HEADER_BYTES);
      this.#skip = length;
      return true;
    }
    checkLength(type, length);
    if (queue.length < CHUNK_HEADER_BYTES + length) return false;
    const whole = queue.take(CHUNK_HEADER_BYTES + length);
    if (type === ChunkType.identifier) {
      if (!whole.equals(IDENTIFIER))
        throw new DecodeError(STRUCTURE, 'it is not the identifier of a stream');
      this.#identified = true;
    } else {
      const plain = unpack(type, whole);
      if (plain.length > 0) take(plain);
    }
    return true;
  }
}

/** @throws {LimitError} if a chunk of this type cannot have this length: it is not waited for. */
function checkLength(type: number, length: number): void {
  let min = CHECKSUM_BYTES;
  let max: number;
  if (type === ChunkType.compressed) {
    // At least the varint of the plain length follows the checksum.
    min = CHECKSUM_BYTES + 1;
    max = CHECKSUM_BYTES + MAX_COMPRESSED_BYTES;
  } else if (type === ChunkType.plain) {
    max = CHECKSUM_BYTES + MAX_PLAIN_BYTES;
  } else if (type === ChunkType.identifier) {
    min = max = IDENTIFIER.length - CHUNK_HEADER_BYTES;
  } else {
    throw new DecodeError(STRUCTURE, `type 0x${type.toString(16).padStart(2, '0')} is unknown`);
  }
  if (length < min || length > max) throw new LimitError(STRUCTURE, length, max);
}

/** The plain bytes of a compressed or plain chunk; those of a plain one are a part of it. */
function unpack(type: number, chunk: Buffer): Buffer {
  const payload = chunk.subarray(CHUNK_HEADER_BYTES + CHECKSUM_BYTES);
  const plain = type === ChunkType.compressed ? uncompress(payload) : payload;
  const expected = chunk.readUInt32LE(CHUNK_HEADER_BYTES);
  const actual = maskedChecksum(plain);
  if (actual !== expected) {
    throw new ChecksumError(STRUCTURE, `its checksum is ${actual}, not ${expected}`);
  }
  return plain;
}

function uncompress(block: Buffer): Buffer {
  // The length that the block promises, a varint, decides what is allocated.
  let promised = 0;
  let scale = 1;
  for (const byte of block.subarray(0, 5)) {
    promised += (byte & 0x7f) * scale;
    if (byte < 0x80) break;
    scale *= 0x80;
  }
  if (promised > MAX_PLAIN_BYTES) throw new LimitError(STRUCTURE, promised, MAX_PLAIN_BYTES);
  const { uncompressSync } = snappyLibrary();
  try {
    return uncompressSync(block, COPIED) as Buffer;
  } catch (cause) {
    throw new DecodeError(STRUCTURE, 'it does not uncompress', { cause });
  }
}

function maskedChecksum(plain: Uint8Array): number {
  const crc = snappyLibrary().crc32c(plain);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
