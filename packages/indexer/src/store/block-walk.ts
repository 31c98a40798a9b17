import type { FileHandle } from 'node:fs/promises';
import {
  type BlockHead,
  decodeBlockHead,
  decodeSegmentHeader,
  headBytes,
  isWhole,
  nextRecord,
  PREFIX_BYTES,
  type SegmentHeader,
} from './record.js';

/** What is read at once, at least. */
const PIECE_BYTES = 1024 * 1024;

/** A part of a segment. */
export type Part =
  | {
      readonly kind: 'block';
      readonly offset: number;
      /** The bytes of the whole record. */
      readonly bytes: number;
      readonly head: BlockHead;
      /** Its frames, if they are wanted. The buffer is not used again. */
      readonly frames: Buffer | undefined;
    }
  /** Bytes that are no block. How many entries they had is known if only the frames are damaged. */
  | {
      readonly kind: 'damage';
      readonly offset: number;
      readonly bytes: number;
      readonly entries: number | undefined;
    }
  /** The end: a block that was never finished, or is being written. */
  | {
      readonly kind: 'torn';
      readonly offset: number;
      readonly bytes: number;
      readonly entries: number | undefined;
    };

/** What the beginning of a segment's file says. */
export type SegmentStart =
  | {
      readonly kind: 'segment';
      readonly header: SegmentHeader;
      /** The offset of the first block. */
      readonly bytes: number;
      /** With which the checksums of the blocks begin. */
      readonly seed: number;
    }
  | { readonly kind: 'newer'; readonly format: number }
  | { readonly kind: 'damaged' }
  /** It ends before its header does. */
  | { readonly kind: 'torn' };

/** Reads the beginning of a segment. Throws the error of the system. */
export async function readStart(file: FileHandle): Promise<SegmentStart> {
  const prefix = await readAt(file, 0, PREFIX_BYTES);
  if (prefix.length < PREFIX_BYTES) return { kind: 'torn' };
  const bytes = headBytes(prefix);
  if (bytes === undefined) return { kind: 'damaged' };
  const whole = await readAt(file, 0, bytes);
  if (whole.length < bytes) return { kind: 'torn' };
  const decoded = decodeSegmentHeader(whole);
  if (decoded.kind !== 'segment') return decoded;
  return { kind: 'segment', header: decoded.header, bytes, seed: decoded.crc };
}

/** Where to walk. */
export interface Walk {
  readonly start: number;
  readonly end: number;
  readonly seed: number;
  /** Whether the frames of a block are wanted. If not, they are neither read nor checked. */
  wants(head: BlockHead): boolean;
}

/**
 * Reads the blocks between two offsets in their order. After damage it goes on with the next block that
 * can be read. Throws the error of the system.
 */
export async function* walkBlocks(file: FileHandle, walk: Walk): AsyncGenerator<Part> {
  const { end, seed } = walk;
  const window = new Window(file, end);
  for (let offset = walk.start; offset < end; ) {
    const found = await readHead(window, offset, seed);
    if (found === undefined) {
      const next = await findBlock(window, offset + 1, seed);
      if (next === undefined) {
        yield { kind: 'torn', offset, bytes: end - offset, entries: undefined };
        return;
      }
      yield { kind: 'damage', offset, bytes: next - offset, entries: undefined };
      offset = next;
      continue;
    }
    const { head, payloadBytes, payloadOffset } = found;
    const next = payloadOffset + payloadBytes;
    if (next > end) {
      yield { kind: 'torn', offset, bytes: end - offset, entries: head.entries };
      return;
    }
    const bytes = next - offset;
    const frames = walk.wants(head) ? await window.at(payloadOffset, payloadBytes) : undefined;
    if (frames === undefined || isWhole(frames, head)) {
      yield { kind: 'block', offset, bytes, head, frames };
    } else {
      yield { kind: next === end ? 'torn' : 'damage', offset, bytes, entries: head.entries };
    }
    offset = next;
  }
}

async function readHead(window: Window, offset: number, seed: number) {
  const prefix = await window.at(offset, PREFIX_BYTES);
  const bytes = prefix.length < PREFIX_BYTES ? undefined : headBytes(prefix);
  if (bytes === undefined) return undefined;
  const whole = await window.at(offset, bytes);
  const decoded = whole.length < bytes ? undefined : decodeBlockHead(whole, seed);
  return decoded && { ...decoded, payloadOffset: offset + bytes };
}

/** The offset of the next block that can be read; `undefined`: there is none. */
async function findBlock(window: Window, from: number, seed: number): Promise<number | undefined> {
  for (let at = from; at < window.end; ) {
    const piece = await window.at(at, Math.min(PIECE_BYTES, window.end - at));
    const found = nextRecord(piece, 0);
    if (found === -1) {
      if (at + piece.length >= window.end) return undefined;
      // The first bytes of a record may be the last ones of the piece.
      at += piece.length - PREFIX_BYTES;
      continue;
    }
    at += found;
    if ((await readHead(window, at, seed)) !== undefined) return at;
    at++;
  }
  return undefined;
}

/** A part of a file in memory. */
class Window {
  readonly #file: FileHandle;
  /** Nothing behind it is read. */
  readonly end: number;
  #bytes: Buffer = Buffer.alloc(0);
  #start = 0;

  constructor(file: FileHandle, end: number) {
    this.#file = file;
    this.end = end;
  }

  /** Returns the bytes from an offset on: fewer of them at the end. */
  async at(offset: number, bytes: number): Promise<Buffer> {
    const length = Math.min(bytes, this.end - offset);
    const from = offset - this.#start;
    if (from >= 0 && from + length <= this.#bytes.length) {
      return this.#bytes.subarray(from, from + length);
    }
    const read = Math.min(Math.max(length, PIECE_BYTES), this.end - offset);
    this.#bytes = await readAt(this.#file, offset, read);
    this.#start = offset;
    return this.#bytes.subarray(0, length);
  }
}

/** Reads bytes into a new buffer: fewer of them at the end of the file. */
async function readAt(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafeSlow(bytes);
  let length = 0;
  while (length < bytes) {
    const { bytesRead } = await file.read(buffer, length, bytes - length, offset + length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return buffer.subarray(0, length);
}
