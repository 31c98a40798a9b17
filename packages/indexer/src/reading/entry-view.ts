import {
  decodeEnumeratedBlock,
  decodeFrame,
  type Entry,
  type EnumeratedValue,
  FLAG_IPV4,
  FRAME_BYTES,
  FRAME_ID_OFFSET,
  FRAME_LENGTH_OFFSET,
  FRAME_SECONDS_OFFSET,
  FRAME_SOURCE_OFFSET,
  FRAME_TAG_OFFSET,
  TIMESTAMP_BYTES,
  TWO_32,
} from '@ringest/codec';

const NO_BYTES = Buffer.alloc(0);

/**
 * A view of one entry in the bytes that arrived (§5). The same view is moved from entry to entry: the
 * view and all of its buffers are valid only until the handler returns. {@link decode} makes a copy.
 */
export class EntryView {
  #bytes: Buffer = NO_BYTES;
  #view: DataView = new DataView(NO_BYTES.buffer, 0, 0);
  #start = 0;
  #values: readonly EnumeratedValue[] | undefined;

  /** The length of the data in bytes. */
  dataLength = 0;

  /** The length of the block of enumerated values after the data in bytes; 0: there is none. */
  valuesLength = 0;

  /** The buffer that contains the entry, valid as long as the view. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** The offset of the data in {@link bytes}. Reading the data there allocates nothing. */
  get dataOffset(): number {
    return this.#start + FRAME_BYTES;
  }

  /** Sets the buffer. {@link moveTo} must be called after it. */
  setBytes(bytes: Buffer, view: DataView): void {
    this.#bytes = bytes;
    this.#view = view;
  }

  /** Moves the view to the frame at the offset `start` of its buffer. */
  moveTo(start: number, dataLength: number, valuesLength: number): void {
    this.#start = start;
    this.dataLength = dataLength;
    this.valuesLength = valuesLength;
    this.#values = undefined;
  }

  /** The indexer's number of the entry's tag. */
  get tag(): number {
    return this.#view.getUint16(this.#start + FRAME_TAG_OFFSET, true);
  }

  /** The id of the entry, which counts up from 1 on each connection; exact below 2^53. */
  get id(): number {
    const offset = this.#start + FRAME_ID_OFFSET;
    return this.#view.getUint32(offset + 4, true) * TWO_32 + this.#view.getUint32(offset, true);
  }

  /** The twelve bytes of the timestamp, as on the wire. */
  get timestampBytes(): Buffer {
    const offset = this.#start + FRAME_SECONDS_OFFSET;
    return this.#bytes.subarray(offset, offset + TIMESTAMP_BYTES);
  }

  /** The source: 4 bytes for IPv4, otherwise 16. */
  get sourceBytes(): Buffer {
    const offset = this.#start + FRAME_SOURCE_OFFSET;
    const flags = this.#view.getUint32(this.#start + FRAME_LENGTH_OFFSET, true);
    return this.#bytes.subarray(offset, offset + ((flags & FLAG_IPV4) === 0 ? 16 : 4));
  }

  /** The data of the entry, as a view. */
  get data(): Buffer {
    const offset = this.dataOffset;
    return this.#bytes.subarray(offset, offset + this.dataLength);
  }

  /**
   * The enumerated values, as copies.
   *
   * @throws {DecodeError} if they are malformed, which an `EntryReader` checks before.
   */
  get enumeratedValues(): readonly EnumeratedValue[] {
    if (this.#values === undefined) {
      const offset = this.#start + FRAME_BYTES + this.dataLength;
      this.#values =
        this.valuesLength === 0
          ? []
          : decodeEnumeratedBlock(this.#bytes.subarray(offset, offset + this.valuesLength));
    }
    return this.#values;
  }

  /**
   * Returns a copy of the whole entry.
   *
   * @throws {DecodeError} if the entry is malformed.
   */
  decode(): Entry {
    const end = this.#start + FRAME_BYTES + this.dataLength + this.valuesLength;
    return decodeFrame(this.#bytes.subarray(this.#start, end)).entry;
  }
}
