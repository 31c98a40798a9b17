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
 * A look at one entry where it lies in the bytes that arrived (§5). One view is moved from entry
 * to entry: it, and every buffer it gives, is valid only until the handler it was given to returns.
 * {@link decode} makes a copy to keep.
 */
export class EntryView {
  #bytes: Buffer = NO_BYTES;
  #view: DataView = new DataView(NO_BYTES.buffer, 0, 0);
  #start = 0;
  #values: readonly EnumeratedValue[] | undefined;

  /** Bytes of data. */
  dataLength = 0;

  /** Bytes of the block of enumerated values after the data, 0 if there is none. */
  valuesLength = 0;

  /** The bytes that the entry lies in; only for as long as the view itself. */
  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Where in {@link bytes} the data begins: reading it there allocates nothing. */
  get dataOffset(): number {
    return this.#start + FRAME_BYTES;
  }

  /** Puts the view over other bytes, before it is moved in them. */
  setBytes(bytes: Buffer, view: DataView): void {
    this.#bytes = bytes;
    this.#view = view;
  }

  /** Moves the view to the frame at `start` of its bytes. */
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

  /** Counts up from 1 on each connection; exact below 2^53. */
  get id(): number {
    const offset = this.#start + FRAME_ID_OFFSET;
    return this.#view.getUint32(offset + 4, true) * TWO_32 + this.#view.getUint32(offset, true);
  }

  /** The twelve bytes of the timestamp, as on the wire. */
  get timestampBytes(): Buffer {
    const offset = this.#start + FRAME_SECONDS_OFFSET;
    return this.#bytes.subarray(offset, offset + TIMESTAMP_BYTES);
  }

  /** The four bytes of an IPv4 source, or sixteen of another. */
  get sourceBytes(): Buffer {
    const offset = this.#start + FRAME_SOURCE_OFFSET;
    const flags = this.#view.getUint32(this.#start + FRAME_LENGTH_OFFSET, true);
    return this.#bytes.subarray(offset, offset + ((flags & FLAG_IPV4) === 0 ? 16 : 4));
  }

  get data(): Buffer {
    const offset = this.dataOffset;
    return this.#bytes.subarray(offset, offset + this.dataLength);
  }

  /**
   * The enumerated values, which are copies.
   *
   * @throws {DecodeError} if they are malformed. An `EntryReader` has made sure that they are not.
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
   * The whole entry, as a copy.
   *
   * @throws {DecodeError} if it is malformed.
   */
  decode(): Entry {
    const end = this.#start + FRAME_BYTES + this.dataLength + this.valuesLength;
    return decodeFrame(this.#bytes.subarray(this.#start, end)).entry;
  }
}
