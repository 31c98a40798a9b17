import { FLAG_VALUES, FRAME_BYTES, type Source } from '@ringest/codec';
import type { Kernel } from './kernel.js';
import { Control, STAGING_AT, STAGING_BYTES } from './memory-layout.js';
import { distance, LARGE, LARGE_BYTES, maxRingFrame, PAD, type Ring } from './ring.js';

/**
 * Bodies up to here are set into staging and moved by the kernel, longer ones filled in natively.
 * Measured (Node 20, ns an entry, staging / fill): aligned 64: 29 / 72, 256: 43 / 76, 1024: 138 / 167,
 * 4096: 262 / 256; misaligned 64: 46 / 72, 256: 105 / 76.
 */
const ALIGNED_STAGING_MOST = 512;
const MISALIGNED_STAGING_MOST = 128;

/** A position of a writer. */
export interface WriterMark {
  readonly cursor: number;
  readonly entries: number;
  readonly padBytes: number;
}

/** A ring writer without `commit`: only the owner of the ring commits, because it also rings the doorbell. */
export type FrameWriter = Omit<RingWriter, 'commit' | 'ring'>;

/**
 * The producer's side of a ring. Frames are encoded at a private cursor and become visible to the
 * worker all at once, with `commit`.
 */
export class RingWriter {
  readonly ring: Ring;
  /** The longest frame, header and id included, that `write` takes. */
  readonly maxFrame: number;
  readonly #kernel: Kernel;
  readonly #bytes: Buffer;
  readonly #staging: Uint8Array;
  readonly #size: number;
  readonly #mask: number;
  readonly #ringAt: number;
  #cursor: number;
  #committed: number;
  #entries = 0;
  /** Bytes up to `#committed`, and bytes of pads among all that was written. */
  #committedBytes = 0;
  #padBytes = 0;
  /** The last `released` that was read. It is read again only without room, to spare the cache line. */
  #released: number;
  #source: Source | undefined;

  constructor(ring: Ring) {
    this.ring = ring;
    this.maxFrame = maxRingFrame(ring.size);
    this.#kernel = ring.kernel;
    this.#bytes = ring.bytes;
    this.#staging = new Uint8Array(ring.memory.buffer, STAGING_AT, STAGING_BYTES);
    this.#size = ring.size;
    this.#mask = ring.mask;
    this.#ringAt = ring.address(0);
    this.#cursor = Atomics.load(ring.control, Control.written);
    this.#committed = this.#cursor;
    this.#released = Atomics.load(ring.control, Control.released);
  }

  /** The cursor after the last record, committed or not. */
  get cursor(): number {
    return this.#cursor;
  }

  /** Entries written so far. */
  get entries(): number {
    return this.#entries;
  }

  /** Bytes written so far, pads included. */
  get position(): number {
    return this.#committedBytes + this.uncommitted;
  }

  /** Bytes of the records written so far. */
  get bytes(): number {
    return this.position - this.#padBytes;
  }

  /** Bytes written but not yet committed. */
  get uncommitted(): number {
    return distance(this.#committed, this.#cursor);
  }

  /** Bytes from the oldest unconfirmed record to the cursor, as of now. */
  unconfirmed(): number {
    this.#released = Atomics.load(this.ring.control, Control.released);
    return distance(this.#released, this.#cursor);
  }

  /** Whether there is room for a record. */
  hasRoom(bytes: number): boolean {
    const toEnd = this.#size - (this.#cursor & this.#mask);
    return this.unconfirmed() + (bytes <= toEnd ? bytes : bytes + toEnd) <= this.#size;
  }

  /**
   * Writes one frame, copying all of it. The caller has checked every part; the frame takes at most
   * `maxFrame` bytes (a string counts in UTF-8).
   * @param seconds Unix seconds
   * @param source `undefined`: the local address of the connection, once there is one
   * @param values an encoded block of enumerated values, or `undefined`
   * @returns false when there is no room; nothing was written then
   */
  write(
    seconds: number,
    nanoseconds: number,
    tag: number,
    source: Source | undefined,
    data: Uint8Array | string,
    values: Uint8Array | undefined,
  ): boolean {
    if (source !== this.#source) this.#setSource(source);
    const valuesBytes = values === undefined ? 0 : values.length;
    const flag = valuesBytes === 0 ? 0 : FLAG_VALUES;
    let dataBytes: number;
    let at: number;
    if (typeof data === 'string') {
      const most = data.length * 3;
      at =
        FRAME_BYTES + most + valuesBytes <= this.maxFrame
          ? this.#reserve(FRAME_BYTES + most + valuesBytes)
          : 0;
      if (at === 0) at = this.#reserve(FRAME_BYTES + Buffer.byteLength(data) + valuesBytes);
      if (at === 0) return false;
      dataBytes = this.#bytes.write(data, at + FRAME_BYTES, most);
      this.#kernel.encode(at, seconds, nanoseconds, tag, dataBytes | flag, 0, 0);
    } else {
      dataBytes = data.length;
      at = this.#reserve(FRAME_BYTES + dataBytes + valuesBytes);
      if (at === 0) return false;
      if (
        dataBytes <= MISALIGNED_STAGING_MOST ||
        (dataBytes <= ALIGNED_STAGING_MOST && (data.byteOffset & 7) === 0)
      ) {
        this.#staging.set(data);
        this.#kernel.encode(at, seconds, nanoseconds, tag, dataBytes | flag, STAGING_AT, dataBytes);
      } else {
        this.#kernel.encode(at, seconds, nanoseconds, tag, dataBytes | flag, 0, 0);
        this.#bytes.fill(data, at + FRAME_BYTES, at + FRAME_BYTES + dataBytes);
      }
    }
    if (values !== undefined && valuesBytes !== 0) {
      const valuesAt = at + FRAME_BYTES + dataBytes;
      this.#bytes.fill(values, valuesAt, valuesAt + valuesBytes);
    }
    this.#advance(FRAME_BYTES + dataBytes + valuesBytes);
    return true;
  }

  /**
   * Writes a frame that was encoded elsewhere, unstamped and of at most `maxFrame` bytes.
   * @returns false when there is no room; nothing was written then
   */
  writeFrame(frame: Uint8Array): boolean {
    const at = this.#reserve(frame.length);
    if (at === 0) return false;
    this.#bytes.fill(frame, at, at + frame.length);
    this.#advance(frame.length);
    return true;
  }

  /**
   * Writes a reference to a frame that is kept outside the ring.
   * @returns false when there is no room
   */
  writeLarge(key: number, tag: number): boolean {
    const at = this.#reserve(LARGE_BYTES);
    if (at === 0) return false;
    const { view } = this.ring;
    view.setUint32(at, LARGE, true);
    view.setUint32(at + 4, key, true);
    view.setUint32(at + 8, tag, true);
    view.setUint32(at + 12, 0, true);
    this.#advance(LARGE_BYTES);
    return true;
  }

  /**
   * Makes the written records visible to the worker.
   * @returns whether the worker sleeps, and needs a doorbell
   */
  commit(): boolean {
    if (this.#committed === this.#cursor) return false;
    this.#committedBytes += this.uncommitted;
    this.#committed = this.#cursor;
    const { control } = this.ring;
    Atomics.store(control, Control.written, this.#cursor);
    return (
      Atomics.load(control, Control.asleep) === 1 &&
      Atomics.compareExchange(control, Control.asleep, 1, 0) === 1
    );
  }

  #advance(bytes: number): void {
    this.#cursor = (this.#cursor + bytes) | 0;
    this.#entries++;
  }

  /** Where the writer is now, for `rewind`. */
  mark(): WriterMark {
    return { cursor: this.#cursor, entries: this.#entries, padBytes: this.#padBytes };
  }

  /** Forgets what was written since a mark, unless some of it is committed. */
  rewind(mark: WriterMark): void {
    if (((mark.cursor - this.#committed) | 0) < 0) return;
    this.#cursor = mark.cursor;
    this.#entries = mark.entries;
    this.#padBytes = mark.padBytes;
  }

  /**
   * The bytes of the records written since a mark, back to back but for the end of the ring: none,
   * one view or two. They stay as they are until `commit`.
   */
  since(mark: WriterMark): Buffer[] {
    const bytes = distance(mark.cursor, this.#cursor);
    if (bytes === 0) return [];
    const from = mark.cursor & this.#mask;
    const at = this.#ringAt + from;
    const toEnd = this.#size - from;
    if (bytes <= toEnd) return [this.#bytes.subarray(at, at + bytes)];
    const padBytes = this.#padBytes - mark.padBytes;
    return [
      this.#bytes.subarray(at, at + toEnd - padBytes),
      this.#bytes.subarray(this.#ringAt, this.#ringAt + bytes - toEnd),
    ];
  }

  #setSource(source: Source | undefined): void {
    this.#source = source;
    if (source === undefined) this.#kernel.setNoSource();
    else this.#kernel.setSource(source.w0, source.w1, source.w2, source.w3, source.isIPv4);
  }

  /** The address of room for a record at the cursor, after a pad where one is needed, or 0. */
  #reserve(bytes: number): number {
    const cursor = this.#cursor;
    const offset = cursor & this.#mask;
    const toEnd = this.#size - offset;
    const needed = bytes <= toEnd ? bytes : bytes + toEnd;
    if (((cursor - this.#released) >>> 0) + needed > this.#size) {
      this.#released = Atomics.load(this.ring.control, Control.released);
      if (((cursor - this.#released) >>> 0) + needed > this.#size) return 0;
    }
    if (bytes <= toEnd) return this.#ringAt + offset;
    if (toEnd >= 4) this.ring.view.setUint32(this.#ringAt + offset, PAD, true);
    this.#cursor = (cursor + toEnd) | 0;
    this.#padBytes += toEnd;
    return this.#ringAt;
  }
}
