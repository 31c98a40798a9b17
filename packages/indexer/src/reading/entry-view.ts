import {
  decodeEnumeratedBlock,
  decodeFrame,
  type Entry,
  type EnumeratedValue,
  FLAG_IPV4,
  FRAME_BYTES,
  FRAME_ID_OFFSET,
  FRAME_LENGTH_OFFSET,
  FRAME_NANOSECONDS_OFFSET,
  FRAME_SECONDS_OFFSET,
  FRAME_SOURCE_OFFSET,
  FRAME_TAG_OFFSET,
  LENGTH_MASK,
  TIMESTAMP_BYTES,
  TWO_32,
  WIRE_EPOCH_OFFSET,
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

  /** The offset in {@link bytes} of the whole frame, which begins with its command word (§5). */
  get frameOffset(): number {
    return this.#start;
  }

  /** The offset in {@link bytes} of what follows the frame. */
  get frameEnd(): number {
    return this.#start + FRAME_BYTES + this.dataLength + this.valuesLength;
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

  /** Moves the view to a whole frame at an offset of its buffer. */
  moveToFrame(start: number, bytes: number): void {
    const flags = this.#view.getUint32(start + FRAME_LENGTH_OFFSET, true);
    const dataLength = flags & LENGTH_MASK;
    this.moveTo(start, dataLength, bytes - FRAME_BYTES - dataLength);
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

  /**
   * The whole seconds of the timestamp since 1970-01-01T00:00:00Z; exact within 2^53 of them. Reading it
   * allocates nothing.
   */
  get seconds(): number {
    const offset = this.#start + FRAME_SECONDS_OFFSET;
    const high = this.#view.getInt32(offset + 4, true);
    return high * TWO_32 + this.#view.getUint32(offset, true) - WIRE_EPOCH_OFFSET;
  }

  /** The nanoseconds of the timestamp, as on the wire: an ingester can send more than a second of them. */
  get nanoseconds(): number {
    return this.#view.getUint32(this.#start + FRAME_NANOSECONDS_OFFSET, true);
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
    return decodeFrame(this.#bytes.subarray(this.#start, this.frameEnd)).entry;
  }
}
