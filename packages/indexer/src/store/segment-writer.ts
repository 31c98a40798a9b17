import { randomUUID } from 'node:crypto';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { crc32c } from '@node-rs/crc32';
import type { BlockBuilder } from './block-builder.js';
import { encodeBlockHead, encodeSegmentHeader, FORMAT } from './record.js';
import { segmentPath, syncFolder, writeAll } from './segment-files.js';
import { IndexBuilder, type SegmentIndex, writeIndex } from './segment-index.js';

/** Where a segment is written, and how. */
export interface SegmentPlace {
  readonly folder: string;
  readonly number: number;
  /** Whether the disk has a block before it counts as written. */
  readonly sync: boolean;
}

/** The segment that blocks are appended to. */
export class SegmentWriter {
  readonly number: number;
  /** When it was begun, in milliseconds since 1970. */
  readonly created: number;
  readonly #place: SegmentPlace;
  readonly #file: FileHandle;
  readonly #seed: number;
  readonly #index: IndexBuilder;
  #bytes: number;
  #isBroken = false;

  private constructor(
    place: SegmentPlace,
    file: FileHandle,
    start: { readonly created: number; readonly seed: number; readonly bytes: number },
  ) {
    this.number = place.number;
    this.created = start.created;
    this.#place = place;
    this.#file = file;
    this.#seed = start.seed;
    this.#bytes = start.bytes;
    this.#index = new IndexBuilder(start.created);
  }

  /** Creates the file. Throws the error of the system. */
  static async begin(place: SegmentPlace, now: number): Promise<SegmentWriter> {
    const header = encodeSegmentHeader({ format: FORMAT, created: now, id: randomUUID() });
    const file = await open(segmentPath(place.folder, place.number), 'wx', 0o600);
    try {
      await writeAll(file, [header.bytes], 0);
      if (place.sync) await syncFolder(place.folder);
    } catch (error) {
      await file.close();
      await unlink(segmentPath(place.folder, place.number)).catch(() => {});
      throw error;
    }
    const start = { created: now, seed: header.crc, bytes: header.bytes.length };
    return new SegmentWriter(place, file, start);
  }

  /** The size of the file. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Whether an append has failed in a way that leaves the end of the file unknown. */
  get isBroken(): boolean {
    return this.#isBroken;
  }

  /** Appends a block. Throws the error of the system; then the block does not count, see {@link isBroken}. */
  async append(block: BlockBuilder, tags: ReadonlyMap<number, string>, now: number): Promise<void> {
    const { frames, entries, first, last } = block;
    const head = { entries, first, last, written: now, tags, crc: crc32c(frames) };
    const encoded = encodeBlockHead(head, frames.length, this.#seed);
    this.#isBroken = true;
    try {
      await writeAll(this.#file, [encoded, frames], this.#bytes);
    } catch (error) {
      // The disk may be full: what has been written of the block makes room for the next attempt.
      await this.#file.truncate(this.#bytes);
      this.#isBroken = false;
      throw error;
    }
    // After a failed sync, nobody knows what the disk has.
    if (this.#place.sync) await this.#file.datasync();
    this.#isBroken = false;
    const bytes = encoded.length + frames.length;
    this.#index.add(this.#bytes, bytes, head);
    this.#bytes += bytes;
  }

  /**
   * Closes the file, and writes its index. An index that cannot be written is made when the store is
   * opened the next time. Throws no error.
   */
  async seal(): Promise<SegmentIndex> {
    const index = this.#index.finish(this.#bytes);
    await this.#file.close().catch(() => {});
    await writeIndex(this.#place.folder, this.number, this.#seed, index).catch(() => {});
    return index;
  }
}
