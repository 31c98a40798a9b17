import { ByteQueue } from './byte-queue.js';
import { ChecksumError, DecodeError, LimitError } from './errors.js';
import { native } from './native.js';

const STRUCTURE = 'snappy chunk';

const ChunkType = { compressed: 0x00, plain: 0x01, skippable: 0x80, identifier: 0xff } as const;

const IDENTIFIER = Buffer.from('\xff\x06\x00\x00sNaPpY', 'latin1');

/** Type and length of a chunk. */
const CHUNK_HEADER_BYTES = 4;
const CHECKSUM_BYTES = 4;

/** The most plain bytes of a chunk. */
const MAX_PLAIN_BYTES = 65536;

/** The most that snappy makes of them. */
const MAX_COMPRESSED_BYTES = 32 + MAX_PLAIN_BYTES + Math.ceil(MAX_PLAIN_BYTES / 6);

/** Memory of the library's own, which it hands out otherwise, is given back late, and costs page faults. */
const COPIED = { asBuffer: true, copyOutputData: true } as const;

/** Makes one snappy framing-format stream (§9). Everything given is flushed to a chunk boundary. */
export class SnappyFramingEncoder {
  #identified = false;
  #unshared: Buffer | undefined;

  /**
   * The chunks that hold `bytes`, after the stream's identifier if these are its first, as a copy. What
   * was given may lie in shared memory.
   */
  encode(bytes: Uint8Array): Buffer {
    return Buffer.concat(this.encodeParts(bytes));
  }

  /** The same, in parts to be sent one after the other. What does not shrink is a part of `bytes` itself. */
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
    const plain = bytes.buffer instanceof SharedArrayBuffer ? this.#copyShared(bytes) : bytes;
    const compressed = native().compressSync(plain, COPIED);
    // The rule of the reference: what shrinks by less than an eighth is not worth the unpacking.
    const pays = compressed.length < plain.length - Math.floor(plain.length / 8);
    const payload = pays ? compressed : bytes;
    const header = Buffer.allocUnsafe(CHUNK_HEADER_BYTES + CHECKSUM_BYTES);
    header.writeUInt8(pays ? ChunkType.compressed : ChunkType.plain, 0);
    header.writeUIntLE(CHECKSUM_BYTES + payload.length, 1, 3);
    header.writeUInt32LE(maskedChecksum(plain), CHUNK_HEADER_BYTES);
    parts.push(header, payload);
  }

  /**
   * Native libraries were seen to read garbage from shared memory: they get a copy, which holds until
   * the next one. `fill` is native; `set` from shared memory goes byte by byte.
   */
  #copyShared(bytes: Uint8Array): Buffer {
    this.#unshared ??= Buffer.allocUnsafeSlow(MAX_PLAIN_BYTES);
    return this.#unshared.subarray(0, bytes.length).fill(bytes);
  }
}

/** Reads one snappy framing-format stream (§9), in whatever pieces it arrives. */
export class SnappyFramingDecoder {
  readonly #queue = new ByteQueue();
  #identified = false;
  /** Bytes of a skippable chunk that are still to come: they are dropped as they arrive. */
  #skip = 0;

  /** Whether a part of a chunk has come, and the rest has not. */
  get isInChunk(): boolean {
    return this.#queue.length > 0 || this.#skip > 0;
  }

  /** Bytes of memory held for a chunk that is not complete. */
  get heldBytes(): number {
    return this.#queue.capacity;
  }

  /**
   * Takes in bytes, and hands over the plain bytes of every chunk that they complete: 1 to 65536, void
   * when `take` returns. The bytes given may be reused at once.
   *
   * @throws {ChecksumError} if a checksum does not match.
   * @throws {LimitError} if a chunk is longer than its type can be, or unpacks to more than 65536 bytes.
   * @throws {DecodeError} if the bytes are otherwise no such stream. After an error it is lost.
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
      if (!whole.equals(IDENTIFIER)) throw new DecodeError(STRUCTURE, 'it is no identifier');
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
  const { uncompressSync } = native();
  try {
    return uncompressSync(block, COPIED) as Buffer;
  } catch (cause) {
    throw new DecodeError(STRUCTURE, 'it does not uncompress', { cause });
  }
}

function maskedChecksum(plain: Uint8Array): number {
  const crc = native().crc32c(plain);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}
