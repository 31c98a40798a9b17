import type { Repeats } from './repeats.js';
import type { SegmentLog } from './segment-log.js';
import type { Block } from './segment-reader.js';

/** The segments that are being read: each goes on where it was. */
export class Readings {
  readonly #log: SegmentLog;
  readonly #repeats: Repeats;
  readonly #readers = new Map<number, Generator<Block>>();

  constructor(log: SegmentLog, repeats: Repeats) {
    this.#log = log;
    this.#repeats = repeats;
  }

  /** Whether a segment is being read. */
  has(segment: number): boolean {
    return this.#readers.has(segment);
  }

  /**
   * The next block of a segment, from a sequence on; `undefined`: there is none, and it is not read
   * any more. Throws what the log throws; it is not read any more then either.
   */
  next(segment: number, from: number): Block | undefined {
    const reader = this.#readers.get(segment) ?? this.#log.read(segment);
    this.#readers.set(segment, reader);
    try {
      for (let next = reader.next(); !next.done; next = reader.next()) {
        const { sequence } = next.value;
        if (sequence >= from && !this.#repeats.has(segment, sequence)) return next.value;
      }
    } catch (error) {
      this.#readers.delete(segment);
      throw error;
    }
    this.#readers.delete(segment);
    return undefined;
  }

  /** Closes what is open for it. */
  stop(segment: number): void {
    this.#readers.get(segment)?.return(undefined);
    this.#readers.delete(segment);
  }
}
