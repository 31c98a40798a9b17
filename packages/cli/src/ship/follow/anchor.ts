import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

/** The most bytes of an anchor. */
const MOST_BYTES = 1024;

/** Fewer bytes may be the same in files that have nothing to do with each other. */
const LEAST_TELLING_BYTES = 64;

/** An anchor as it is kept in a state file. */
export interface StoredAnchor {
  readonly bytes: number;
  /** Of these bytes, in hexadecimal digits. */
  readonly sha256: string;
}

/**
 * The bytes before an offset of a file. They tell whether a file is still the one that was read up to
 * there: one that was truncated and written anew, or that has the inode of a removed one, has others.
 */
export class Anchor {
  readonly offset: number;
  readonly #bytes: Buffer;
  #stored: StoredAnchor | undefined;

  private constructor(offset: number, bytes: Buffer) {
    this.offset = offset;
    this.#bytes = bytes;
  }

  /** The beginning of any file. */
  static readonly START = new Anchor(0, Buffer.alloc(0));

  /** The anchor at an offset of a file; `undefined`: the file ends before it. */
  static async at(file: FileHandle, offset: number): Promise<Anchor | undefined> {
    const bytes = await bytesBefore(file, offset, Math.min(offset, MOST_BYTES));
    return bytes === undefined ? undefined : new Anchor(offset, bytes);
  }

  /** The anchor at an offset, if the file has the stored bytes before it. */
  static async find(
    file: FileHandle,
    offset: number,
    { bytes, sha256 }: StoredAnchor,
  ): Promise<Anchor | undefined> {
    const found = await bytesBefore(file, offset, bytes);
    return found !== undefined && hashOf(found) === sha256 ? new Anchor(offset, found) : undefined;
  }

  /** Whether no other file is likely to have these bytes, but for a copy. */
  get isTelling(): boolean {
    return this.#bytes.length >= LEAST_TELLING_BYTES;
  }

  /** Whether a file has these bytes at this offset. */
  async isIn(file: FileHandle): Promise<boolean> {
    const found = await bytesBefore(file, this.offset, this.#bytes.length);
    return found?.equals(this.#bytes) ?? false;
  }

  /** The anchor behind bytes that were read from this offset on. */
  after(bytes: Buffer): Anchor {
    if (bytes.length === 0) return this;
    const kept = bytes.subarray(-MOST_BYTES);
    const all = kept.length < MOST_BYTES ? Buffer.concat([this.#bytes, kept]) : kept;
    return new Anchor(this.offset + bytes.length, Buffer.from(all.subarray(-MOST_BYTES)));
  }

  stored(): StoredAnchor {
    this.#stored ??= { bytes: this.#bytes.length, sha256: hashOf(this.#bytes) };
    return this.#stored;
  }
}

/** Whether no other file is likely to have the bytes of a stored anchor, but for a copy. */
export function isTelling({ bytes }: StoredAnchor): boolean {
  return bytes >= LEAST_TELLING_BYTES;
}

async function bytesBefore(
  file: FileHandle,
  offset: number,
  length: number,
): Promise<Buffer | undefined> {
  const bytes = Buffer.alloc(length);
  const { bytesRead } = await file.read(bytes, 0, length, offset - length);
  return bytesRead === length ? bytes : undefined;
}

function hashOf(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
