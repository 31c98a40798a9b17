import { areGone, GONE, isBytes, type SourceInput, type TimestampInput } from '@ringest/codec';
import { InvalidArgumentError } from '../errors.js';

/** What all entries of an {@link EntryBlock} have in common. */
export interface EntryBlockOptions {
  /** The tag of all entries. Default: that of the stream to which the block is written. */
  readonly tag?: number;
  /** The time of all entries. Default: the time of the write. */
  readonly timestamp?: TimestampInput;
  /** The source of all entries. Default: as for `writeEntry`. */
  readonly source?: SourceInput;
}

const FIRST_BYTES = 65536;
const FIRST_ENTRIES = 256;

/**
 * Many entries with one tag, time and source. They lie in one buffer, which grows as needed, so a write of
 * the block costs little for each entry. `IngestMuxer.writeBlock` and object streams take blocks.
 */
export class EntryBlock {
  readonly options: EntryBlockOptions;
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #offsets = new Uint32Array(FIRST_ENTRIES + 1);
  #length = 0;
  #used = 0;

  constructor(options: EntryBlockOptions = {}) {
    if (typeof options !== 'object' || options === null) {
      throw new InvalidArgumentError('options', options, '{ tag, timestamp, source }');
    }
    this.options = { ...options };
  }

  /** How many entries there are. */
  get length(): number {
    return this.#length;
  }

  /** The data of all entries, back to back. It is valid until the next `add` or `clear`. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#used);
  }

  /** Where each entry begins in `bytes`, and then where the last one ends. Valid as `bytes` is. */
  get offsets(): Uint32Array {
    return this.#offsets.subarray(0, this.#length + 1);
  }

  /**
   * Adds an entry. Its data is copied; text is encoded in UTF-8.
   * @throws {InvalidArgumentError} the data is neither bytes nor text, or the block would have 2^32 bytes
   */
  add(data: Uint8Array | string): this {
    const isText = typeof data === 'string';
    if (!isText && (!isBytes(data) || areGone(data))) {
      const wanted = isBytes(data) ? `bytes with memory: ${GONE}` : 'a Uint8Array or a string';
      throw new InvalidArgumentError('data', data, wanted);
    }
    const bytes = isText ? Buffer.byteLength(data) : data.length;
    const end = this.#used + bytes;
    if (end > 0xffff_ffff) {
      throw new InvalidArgumentError('data', data, 'less data: a block has less than 2^32 bytes');
    }
    this.#reserve(end);
    if (isText) this.#bytes.write(data, this.#used);
    else this.#bytes.set(data, this.#used);
    this.#used = end;
    this.#length++;
    this.#offsets[this.#length] = end;
    return this;
  }

  /** Removes all entries, and keeps the memory for the next ones. A block may be cleared once it is written. */
  clear(): void {
    this.#length = 0;
    this.#used = 0;
  }

  /** Makes room for one more entry that ends at `end`. */
  #reserve(end: number): void {
    if (end > this.#bytes.length) {
      const grown = Buffer.allocUnsafe(
        Math.max(end, Math.min(this.#bytes.length * 2, 0xffff_ffff)),
      );
      this.#bytes.copy(grown, 0, 0, this.#used);
      this.#bytes = grown;
    }
    if (this.#length + 2 > this.#offsets.length) {
      const grown = new Uint32Array(this.#offsets.length * 2);
      grown.set(this.#offsets);
      this.#offsets = grown;
    }
  }
}
