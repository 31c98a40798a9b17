import { unlink } from 'node:fs/promises';
import { indexPath, segmentPath } from './segment-files.js';
import type { SegmentIndex } from './segment-index.js';
import type { StoreSettings } from './store-options.js';

/** The segments that are not written any more, and which of them go. */
export class KeptSegments {
  readonly #folder: string;
  readonly #settings: StoreSettings;
  /** Oldest first. */
  readonly #segments: { readonly number: number; readonly index: SegmentIndex }[] = [];
  #bytes = 0;
  #removedSegments = 0;
  #removedEntries = 0;

  constructor(folder: string, settings: StoreSettings) {
    this.#folder = folder;
    this.#settings = settings;
  }

  get count(): number {
    return this.#segments.length;
  }

  /** The bytes of all of them. */
  get bytes(): number {
    return this.#bytes;
  }

  get removedSegments(): number {
    return this.#removedSegments;
  }

  /** The entries in the segments that were removed. */
  get removedEntries(): number {
    return this.#removedEntries;
  }

  /** Adds the newest one. */
  add(number: number, index: SegmentIndex): void {
    this.#segments.push({ number, index });
    this.#bytes += index.bytes;
  }

  /**
   * Removes the oldest segments while there are too many bytes, and those that are too old. Throws the
   * error of the system.
   *
   * @param openBytes the bytes of the segment that is being written
   * @param now milliseconds since 1970
   */
  async retain(openBytes: number, now: number): Promise<void> {
    const { maxBytes, maxAge } = this.#settings;
    for (;;) {
      const [oldest] = this.#segments;
      if (oldest === undefined) return;
      const isTooMuch = this.#bytes + openBytes > maxBytes;
      if (!isTooMuch && now - oldest.index.written <= maxAge) return;
      await removeIfThere(indexPath(this.#folder, oldest.number));
      await removeIfThere(segmentPath(this.#folder, oldest.number));
      this.#segments.shift();
      this.#bytes -= oldest.index.bytes;
      this.#removedSegments++;
      this.#removedEntries += oldest.index.entries;
    }
  }
}

async function removeIfThere(path: string): Promise<void> {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}
