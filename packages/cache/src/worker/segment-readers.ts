import type { SegmentLog } from '../log/segment-log.js';
import type { Block } from '../log/segment-reader.js';
import type { Duplicates } from './duplicates.js';

/** About how many bytes one part has. */
const PART_BYTES = 2 ** 18;

/** Blocks that were read at once. */
export interface Part {
  readonly blocks: readonly Block[];
  /** Whether the segment ends with them. */
  readonly isLast: boolean;
}

/** The segments that are being read. Each is read part by part. */
export class SegmentReaders {
  readonly #log: SegmentLog;
  readonly #duplicates: Duplicates;
  readonly #readers = new Map<number, Generator<Block>>();

  constructor(log: SegmentLog, duplicates: Duplicates) {
    this.#log = log;
    this.#duplicates = duplicates;
  }

  /** Whether a segment is being read: from the first `next` until `stop`, or until `next` throws. */
  has(segment: number): boolean {
    return this.#readers.has(segment);
  }

  /**
   * The next blocks of a segment. Throws what the log throws.
   * @param from counts for the first part: blocks before this sequence are left out
   */
  next(segment: number, from: number): Part {
    const reader = this.#readers.get(segment) ?? this.#log.read(segment, from);
    this.#readers.set(segment, reader);
    const blocks: Block[] = [];
    try {
      for (let bytes = 0; bytes < PART_BYTES; ) {
        const { value, done } = reader.next();
        if (done) return { blocks, isLast: true };
        if (this.#duplicates.has(segment, value.sequence)) continue;
        blocks.push(value);
        bytes += value.frames.length;
      }
    } catch (error) {
      this.#readers.delete(segment);
      // The next call reports it, after the blocks that could be read.
      if (blocks.length === 0) throw error;
    }
    return { blocks, isLast: false };
  }

  /** Ends the reading of a segment, and closes its file. */
  stop(segment: number): void {
    this.#readers.get(segment)?.return(undefined);
    this.#readers.delete(segment);
  }
}
