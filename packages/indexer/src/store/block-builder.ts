import type { EntryView } from '../reading/entry-view.js';

/** A block that is this long in bytes takes no more, if a run of entries can wait. */
export const FULL_BYTES = 4 * 1024 * 1024;

/** The memory in bytes that a builder begins with: a block is full before the last run is copied. */
const BUFFER_BYTES = FULL_BYTES + 1024 * 1024;

/** The most memory in bytes that a builder keeps for the next block. */
const KEPT_BYTES = 2 * FULL_BYTES;

const TAG_NUMBERS = 0x10000;
const NO_BYTES = Buffer.alloc(0);

/**
 * Gathers entries of all connections into a block. Entries that lie back to back where they arrived are
 * copied together: for each entry only its time and its tag are looked at.
 */
export class BlockBuilder {
  #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #length = 0;
  #entries = 0;
  #first = Number.POSITIVE_INFINITY;
  #last = Number.NEGATIVE_INFINITY;
  /** The tags of the block, each once. */
  readonly #tags: number[] = [];
  /** By the number of a tag, whether the block has it. */
  readonly #hasTag = new Uint8Array(TAG_NUMBERS);
  // The run of entries that is not copied yet.
  #run: Buffer = NO_BYTES;
  #runStart = 0;
  #runEnd = 0;

  /** The bytes of the entries in the block. */
  get length(): number {
    return this.#length + this.#runEnd - this.#runStart;
  }

  get entries(): number {
    return this.#entries;
  }

  /** The whole seconds of the earliest entry. */
  get first(): number {
    return this.#first;
  }

  /** The whole seconds of the latest entry. */
  get last(): number {
    return this.#last;
  }

  /** The numbers of the tags in the block. */
  get tags(): readonly number[] {
    return this.#tags;
  }

  /** Adds an entry. Its bytes must stay until {@link endRun}. */
  add(entry: EntryView): void {
    const { bytes, frameOffset, seconds, tag } = entry;
    if (bytes !== this.#run || frameOffset !== this.#runEnd) {
      this.endRun();
      this.#run = bytes;
      this.#runStart = frameOffset;
    }
    this.#runEnd = entry.frameEnd;
    this.#entries++;
    if (seconds < this.#first) this.#first = seconds;
    if (seconds > this.#last) this.#last = seconds;
    if (this.#hasTag[tag] === 0) {
      this.#hasTag[tag] = 1;
      this.#tags.push(tag);
    }
  }

  /** Copies the entries that were added. */
  endRun(): void {
    const bytes = this.#runEnd - this.#runStart;
    if (bytes === 0) return;
    this.#makeRoom(bytes);
    this.#buffer.set(this.#run.subarray(this.#runStart, this.#runEnd), this.#length);
    this.#length += bytes;
    this.#run = NO_BYTES;
    this.#runStart = 0;
    this.#runEnd = 0;
  }

  /** The frames of the block, as a view. Call {@link endRun} before. */
  get frames(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Begins the next block. */
  clear(): void {
    for (const tag of this.#tags) this.#hasTag[tag] = 0;
    this.#tags.length = 0;
    this.#length = 0;
    this.#entries = 0;
    this.#first = Number.POSITIVE_INFINITY;
    this.#last = Number.NEGATIVE_INFINITY;
    if (this.#buffer.length > KEPT_BYTES) this.#buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  }

  #makeRoom(bytes: number): void {
    const needed = this.#length + bytes;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#buffer.length));
    larger.set(this.frames);
    this.#buffer = larger;
  }
}
