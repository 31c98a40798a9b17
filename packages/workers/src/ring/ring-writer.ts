import { FLAG_VALUES, FRAME_BYTES, type Source } from '@ringest/codec';
import { BlockList } from './block-list.js';
import type { EntryRun, RunOutcome } from './entry-run.js';
import { FrameStage, MAX_GATHERED } from './frame-stage.js';
import { Control } from './memory-layout.js';
import { distance, LARGE, LARGE_BYTES, PAD, type Ring } from './ring.js';

/** Entries are not staged for less room than this: they go alone. */
const MIN_RUN_ROOM = 4096;

/** A position of a writer. */
export interface WriterMark {
  readonly cursor: number;
  readonly entries: number;
  readonly padBytes: number;
  /** The end of the slot at hand. */
  readonly slotEnd: number;
  /** Which stage it was, and what was in it. */
  readonly stages: number;
  readonly staged: number;
  readonly gathered: number;
}

/** A ring writer without `commit`: only the owner of the ring commits, because it also rings the doorbell. */
export type FrameWriter = Omit<RingWriter, 'commit' | 'ring'>;

/**
 * The producer's side of a ring. Entries are staged, their frames are laid down at a private cursor, and
 * they become visible to the worker all at once, with `commit`.
 *
 * Room is given out when an entry is staged: its frame has its place then, so that the writer knows
 * whether the ring is full. The frame is there once its stage is laid down, at the latest before a commit
 * or a change of the slot.
 */
export class RingWriter {
  readonly ring: Ring;
  /** The longest frame, header and id included, that `write` takes. */
  readonly maxFrame: number;
  readonly #bytes: Buffer;
  readonly #stage: FrameStage;
  readonly #blocks: BlockList;
  readonly #size: number;
  readonly #blockMask: number;
  #cursor: number;
  #committed: number;
  #entries = 0;
  /** Bytes up to `#committed`, and bytes of pads among all that was written. */
  #committedBytes = 0;
  #padBytes = 0;
  /** The last `released` that was read. It is read again only without room, to spare the cache line. */
  #released: number;
  /** The end of the slot that the cursor is in, and where its block lies. */
  #slotEnd: number;
  #blockAt = 0;
  /** How far can be written without a look at `released`: not beyond the slot. */
  #limit: number;
  /** Where the first staged frame goes; 0: none is staged. */
  #stagedAt = 0;
  /** How often the stage was laid down. */
  #stages = 0;

  /** @param ring an empty one whose cursors stand at the beginning of a slot */
  constructor(ring: Ring) {
    this.ring = ring;
    this.maxFrame = ring.blockBytes;
    this.#bytes = ring.bytes;
    this.#stage = new FrameStage(ring);
    this.#size = ring.size;
    this.#blockMask = ring.blockBytes - 1;
    this.#cursor = Atomics.load(ring.control, Control.written);
    this.#committed = this.#cursor;
    this.#released = Atomics.load(ring.control, Control.released);
    this.#slotEnd = this.#cursor;
    this.#limit = this.#cursor;
    this.#blocks = new BlockList(ring, this.#cursor);
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
    const toEnd = distance(this.#cursor, this.#slotEnd);
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
    if (typeof data === 'string') {
      return this.#writeText(seconds, nanoseconds, tag, source, data, values);
    }
    const stage = this.#stage;
    const bodyBytes = data.length + (values === undefined ? 0 : values.length);
    const at = this.#reserve(FRAME_BYTES + bodyBytes);
    if (at === 0) return false;
    if (!stage.takes(bodyBytes)) this.lay();
    if (this.#stagedAt === 0) this.#stagedAt = at;
    if (bodyBytes > MAX_GATHERED) this.#fillBody(at, data, values);
    stage.add(seconds, nanoseconds, tag, source, data, values);
    this.#advance(FRAME_BYTES + bodyBytes);
    return true;
  }

  #writeText(
    seconds: number,
    nanoseconds: number,
    tag: number,
    source: Source | undefined,
    data: string,
    values: Uint8Array | undefined,
  ): boolean {
    const stage = this.#stage;
    const valuesBytes = values === undefined ? 0 : values.length;
    const most = data.length * 3 + valuesBytes;
    let at = FRAME_BYTES + most <= this.maxFrame ? this.#reserve(FRAME_BYTES + most) : 0;
    if (at === 0) at = this.#reserve(FRAME_BYTES + Buffer.byteLength(data) + valuesBytes);
    if (at === 0) return false;
    if (!stage.takes(most)) this.lay();
    if (this.#stagedAt === 0) this.#stagedAt = at;
    let dataBytes: number;
    if (most <= MAX_GATHERED) {
      dataBytes = stage.addText(seconds, nanoseconds, tag, source, data, values);
    } else {
      dataBytes = this.#bytes.write(data, at + FRAME_BYTES, data.length * 3);
      const flag = valuesBytes === 0 ? 0 : FLAG_VALUES;
      if (values !== undefined) this.#fill(at + FRAME_BYTES + dataBytes, values);
      const bodyBytes = dataBytes + valuesBytes;
      stage.addPlaced(seconds, nanoseconds, tag, source, dataBytes | flag, bodyBytes);
    }
    this.#advance(FRAME_BYTES + dataBytes + valuesBytes);
    return true;
  }

  /**
   * Writes the next entries of a run, as many as can be staged and have room.
   * @returns `written`: all that were staged; `full`: the ring has no room for the next one;
   *   `alone`: the next one cannot be staged
   */
  writeRun(run: EntryRun): RunOutcome {
    if (!this.hasRoom(MIN_RUN_ROOM)) return 'full';
    this.lay();
    const stage = this.#stage;
    run.stage(stage, this.maxFrame);
    const { count } = stage;
    let written = 0;
    while (written < count) {
      const at = this.#reserve(stage.frameBytes(written));
      if (at === 0) break;
      const end = stage.layFrom(written, at, at + distance(this.#cursor, this.#limit));
      this.#cursor = (this.#cursor + end - at) | 0;
      written += stage.laid;
    }
    this.#entries += written;
    run.passed(written, stage);
    stage.truncate(0, 0);
    if (count === 0) return 'alone';
    return written === count ? 'written' : 'full';
  }

  /**
   * Writes frames that were encoded elsewhere, unstamped, back to back and of at most `maxFrame` bytes in all.
   * @returns false when there is no room; nothing was written then
   */
  writeFrames(frames: Uint8Array, entries: number): boolean {
    const at = this.#reserve(frames.length);
    if (at === 0) return false;
    this.lay();
    this.#fill(at, frames);
    this.#cursor = (this.#cursor + frames.length) | 0;
    this.#entries += entries;
    return true;
  }

  /**
   * Writes a reference to a frame that is kept outside the ring.
   * @returns false when there is no room
   */
  writeLarge(key: number, tag: number): boolean {
    const at = this.#reserve(LARGE_BYTES);
    if (at === 0) return false;
    this.lay();
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
    this.lay();
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
    return {
      cursor: this.#cursor,
      entries: this.#entries,
      padBytes: this.#padBytes,
      slotEnd: this.#slotEnd,
      stages: this.#stages,
      staged: this.#stage.count,
      gathered: this.#stage.gathered,
    };
  }

  /** Forgets what was written since a mark, unless some of it is committed. */
  rewind(mark: WriterMark): void {
    if (((mark.cursor - this.#committed) | 0) < 0) return;
    // What is staged now came after the mark, unless it is still the same stage.
    const staged = mark.stages === this.#stages ? mark.staged : 0;
    this.#stage.truncate(staged, staged === 0 ? 0 : mark.gathered);
    if (staged === 0) this.#stagedAt = 0;
    this.#blocks.takeBackTo(mark.slotEnd);
    this.#cursor = mark.cursor;
    this.#entries = mark.entries;
    this.#padBytes = mark.padBytes;
    this.#slotEnd = mark.slotEnd;
    this.#blockAt = this.ring.blockAddress(mark.slotEnd - 1);
    this.#setLimit();
  }

  /**
   * The bytes of the records written since a mark, back to back: a view for each slot. They stay as they
   * are until `commit`.
   */
  since(mark: WriterMark): Buffer[] {
    this.lay();
    return this.#blocks.views(mark.cursor, this.#cursor);
  }

  /** Lays the frames down that are staged: all that was written is in the ring then. */
  lay(): void {
    if (this.#stagedAt === 0) return;
    this.#stage.layAll(this.#stagedAt, this.#blockAt + this.#blockMask + 1);
    this.#stagedAt = 0;
    this.#stages++;
  }

  #fillBody(at: number, data: Uint8Array, values: Uint8Array | undefined): void {
    this.#fill(at + FRAME_BYTES, data);
    if (values !== undefined) this.#fill(at + FRAME_BYTES + data.length, values);
  }

  #fill(at: number, bytes: Uint8Array): void {
    // Native, where `set` would copy shared memory byte by byte.
    if (bytes.length > 0) this.#bytes.fill(bytes, at, at + bytes.length);
  }

  /** The address of room for a record at the cursor, after a pad where one is needed, or 0. */
  #reserve(bytes: number): number {
    if (bytes > (this.#limit - this.#cursor) >>> 0 && !this.#makeRoom(bytes)) return 0;
    return this.#blockAt + (this.#cursor & this.#blockMask);
  }

  /** Has room for a record at the cursor, in the slot at hand or in the next one. */
  #makeRoom(bytes: number): boolean {
    if (bytes > this.maxFrame || !this.hasRoom(bytes)) return false;
    const toEnd = distance(this.#cursor, this.#slotEnd);
    if (bytes > toEnd) this.#enterSlot(toEnd);
    this.#setLimit();
    return true;
  }

  /** Goes on in the next slot. The rest of the one at hand becomes a pad. */
  #enterSlot(padBytes: number): void {
    this.lay();
    if (padBytes >= 4) {
      const at = this.#blockAt + (this.#cursor & this.#blockMask);
      this.ring.view.setUint32(at, PAD, true);
    }
    this.#padBytes += padBytes;
    const start = this.#slotEnd;
    this.#blockAt = this.#blocks.give(start, this.#cursor, this.#released);
    this.#cursor = start;
    this.#slotEnd = (start + this.ring.blockBytes) | 0;
  }

  #setLimit(): void {
    const free = this.#size - distance(this.#released, this.#cursor);
    const toEnd = distance(this.#cursor, this.#slotEnd);
    this.#limit = (this.#cursor + Math.min(free, toEnd)) | 0;
  }
}
