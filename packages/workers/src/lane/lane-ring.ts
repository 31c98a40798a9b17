import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import { realClock, sharedMilliseconds } from '../clock.js';
import { RingCorruptError } from '../errors.js';
import { DOORBELL, type ToWorker } from '../messages.js';
import { unstampFrame } from '../ring/frame.js';
import { type BucketCounts, readLatencies } from '../ring/latency-buckets.js';
import { Control, type Counter, RingOwner } from '../ring/memory-layout.js';
import { finishCounters, Meter, readCounters } from '../ring/meter.js';
import { LARGE_BYTES, passEntries, type Ring } from '../ring/ring.js';
import { RingEvacuator, type RingRecord } from '../ring/ring-evacuator.js';
import { RingReader } from '../ring/ring-reader.js';
import { type FrameWriter, RingWriter } from '../ring/ring-writer.js';
import { type SharedMemoryPool, sharedBytesOf } from '../ring/shared-memory.js';
import { LargeFrames } from './large-frames.js';

/**
 * A frame outside a ring, or at the head of a ring that is evacuated; or several, back to back, which go
 * together: all have one tag, or no lane refuses any of their tags. A large frame is alone, in shared memory.
 */
export interface DetachedFrame {
  readonly frame: Buffer;
  readonly entries: number;
  /** That of the first frame. */
  readonly tag: number;
  /** Whether it was written to a ring before, and counted there. */
  readonly wasInRing: boolean;
  /** Whether the cache needs no copy of it any more. */
  readonly isCached: boolean;
}

/**
 * The main thread's end of a lane's ring: it writes frames, waits for room, and while no worker has
 * the ring, moves its frames to other lanes.
 */
export abstract class LaneRing {
  /** Writes frames. `commit` of the lane makes them visible. */
  readonly writer: FrameWriter;
  readonly #writer: RingWriter;
  /** Microseconds from hand-over to confirmation, one record per socket write. */
  readonly latency: RecordableHistogram = createHistogram();
  protected readonly ring: Ring;
  readonly #large: LargeFrames;
  readonly #evacuator: RingEvacuator;
  #head: RingRecord | undefined;
  #movedEntries = 0;

  /**
   * @param ring a new one
   * @param largeMemory gets the memory of large frames back
   */
  constructor(ring: Ring, largeMemory: Pick<SharedMemoryPool, 'free'>) {
    this.ring = ring;
    this.#writer = new RingWriter(this.ring);
    this.writer = this.#writer;
    this.#large = new LargeFrames(largeMemory);
    this.#evacuator = new RingEvacuator(this.ring);
  }

  protected abstract post(message: ToWorker): void;

  /** Makes the written frames visible to the worker, and wakes it if it sleeps. */
  commit(): void {
    if (this.#writer.commit()) this.post(DOORBELL);
  }

  /** The size of the ring in bytes. */
  get ringBytes(): number {
    return this.ring.size;
  }

  /** Bytes written and not confirmed; large frames count whole. */
  unconfirmedBytes(): number {
    // Released room is visible at once; the message that frees a large frame comes later.
    if (!this.#large.isEmpty) this.dropReleased();
    return this.writer.unconfirmed() + this.#large.bytes;
  }

  /** Confirmed bytes a millisecond on this connection; 0: not known yet. */
  get rate(): number {
    return Atomics.load(this.ring.control, Control.rate);
  }

  /** Milliseconds from hand-over to confirmation, a moving average; 0: nothing is confirmed yet. */
  get ackLatency(): number {
    return Atomics.load(this.ring.control, Control.latency) / 1000;
  }

  /** Milliseconds of the throttle that are left; 0: there is none. */
  get throttledFor(): number {
    const until = Atomics.load(this.ring.control, Control.throttledUntil);
    return until === 0 ? 0 : Math.max(0, (until - sharedMilliseconds(realClock)) | 0);
  }

  counters(): Record<Counter, number> {
    return readCounters(this.ring.control);
  }

  /** The latencies by their buckets: those of `latency`. They survive the worker. */
  latencies(): BucketCounts {
    return readLatencies(this.ring.control);
  }

  /** Bytes of frames written. */
  get writtenBytes(): number {
    return this.writer.bytes + this.#large.addedBytes;
  }

  /** Entries that were written here and then moved to other lanes. */
  get movedEntries(): number {
    return this.#movedEntries;
  }

  /**
   * Writes a frame that `encodeFrame` made, of any size. One too large for the ring must be in shared
   * memory, which then belongs to the lane.
   * @returns false when there is no room; nothing was written then
   */
  writeFrame({ frame, entries, tag }: DetachedFrame): boolean {
    if (frame.length <= this.writer.maxFrame) return this.writer.writeFrames(frame, entries);
    return this.#writeLarge(frame, tag);
  }

  /** How far the ring is written: bytes since the start, pads included. It never wraps. */
  get position(): number {
    return this.writer.position;
  }

  /** Whether everything before a position is confirmed, or moved elsewhere. */
  isReleased(position: number): boolean {
    return this.writer.position - this.writer.unconfirmed() >= position;
  }

  /**
   * Asks for a `wake` once everything before a position is confirmed. It may come earlier. Only the
   * earliest position that was asked for counts.
   * @returns whether everything before it is confirmed already; `wake` may come nevertheless
   */
  wakeWhenReleased(position: number): boolean {
    if (this.isReleased(position)) return true;
    const { control } = this.ring;
    const cursor = (this.writer.cursor - (this.writer.position - position)) | 0;
    const isArmed = Atomics.load(control, Control.wakeArmed) === 1;
    const isLater = ((cursor - Atomics.load(control, Control.wakeAt)) | 0) >= 0;
    if (!(isArmed && isLater)) {
      Atomics.store(control, Control.wakeAt, cursor);
      Atomics.store(control, Control.wakeArmed, 1);
    }
    return this.isReleased(position);
  }

  /** Whether there is room for a frame. */
  hasRoom(frameBytes: number): boolean {
    if (frameBytes <= this.writer.maxFrame) return this.writer.hasRoom(frameBytes);
    return this.#hasRoomBeside(frameBytes) && this.writer.hasRoom(LARGE_BYTES);
  }

  /** Whether half of the ring is free: any frame that goes into rings finds room then. */
  get isHalfFree(): boolean {
    return this.isReleased(this.writer.position - this.ring.size / 2);
  }

  /**
   * Asks for a `wake` once there is room for a frame.
   * @returns whether there is room already
   */
  wakeForRoom(frameBytes: number): boolean {
    // A large frame waits for those before it, and each of them wakes when it is released.
    if (frameBytes > this.writer.maxFrame && !this.#large.isEmpty) return false;
    // Half of the ring: any frame fits then, and the producer does not wake for every one.
    return this.wakeWhenReleased(this.writer.position - this.ring.size / 2);
  }

  /** Entries written and not confirmed. Exact while no worker has the ring. */
  unconfirmedEntries(): number {
    const released = Atomics.load(this.ring.control, Control.released);
    this.writer.lay();
    try {
      return passEntries(this.ring, released, this.writer.cursor, Number.MAX_SAFE_INTEGER).entries;
    } catch (error) {
      if (!(error instanceof RingCorruptError)) throw error;
      // The ring cannot be read any more, but its counters can.
      return this.writer.entries - this.#movedEntries - this.counters().confirmedEntries;
    }
  }

  /**
   * Takes the ring, if no worker has it, so that its frames can be moved to other lanes.
   * @returns whether it was taken; then `endEvacuation` gives it back
   */
  beginEvacuation(): boolean {
    this.commit();
    return this.#evacuator.begin();
  }

  /** Whether the worker waits for the ring that is being evacuated. */
  get isReclaimed(): boolean {
    return this.#evacuator.isReclaimed;
  }

  /** The oldest frame of the ring that is being evacuated. It is void after `dropHead`. */
  head(): DetachedFrame | undefined {
    const head = this.#evacuator.head();
    this.#head = head;
    if (head === undefined) return undefined;
    const frame = head.kind === 'frame' ? head.frame : (this.#large.get(head.key) as Buffer);
    // The worker removes only stamps in the ring.
    if (head.kind === 'large') unstampFrame(frame, head.tag);
    return { frame, entries: 1, tag: head.tag, wasInRing: true, isCached: true };
  }

  /** A frame that `head` returned, to be kept after `dropHead`. A large frame is not copied. */
  copyOf(head: DetachedFrame): DetachedFrame {
    const isLarge = head.frame.length > this.writer.maxFrame;
    return { ...head, frame: isLarge ? head.frame : Buffer.from(head.frame) };
  }

  /** Removes the frame that `head` returned: it is in another ring now, with the memory of a large frame. */
  dropHead(): void {
    const head = this.#head;
    if (head === undefined) return;
    this.#head = undefined;
    this.#movedEntries++;
    if (head.kind === 'large') {
      this.#large.forget(head.key);
      this.post({ kind: 'largeMoved', key: head.key });
    }
    this.#evacuator.pass();
  }

  /** Gives the ring back that `beginEvacuation` has taken. */
  endEvacuation(): void {
    if (this.#evacuator.end()) this.post({ kind: 'ringFree' });
  }

  /** Sends all large frames to a worker that begins. */
  protected postLargeFrames(): void {
    this.dropReleased();
    for (const [key, frame] of this.#large) this.#postLarge(key, frame);
  }

  /** Frees the memory of confirmed large frames. */
  protected dropReleased(): void {
    this.#large.dropReleased(Atomics.load(this.ring.control, Control.released));
  }

  /**
   * Brings the ring of a dead worker into order: rewinds it, corrects the counters and gives it back.
   * @throws {RingCorruptError}
   */
  protected recoverFromDeadWorker(): void {
    const { control } = this.ring;
    finishCounters(control);
    Atomics.store(control, Control.throttledUntil, 0);
    Atomics.store(control, Control.ringWanted, 0);
    if (Atomics.load(control, Control.ringOwner) !== RingOwner.worker) return;
    const meter = new Meter(control, this.latency);
    const sent = Atomics.load(control, Control.sent);
    this.dropReleased();
    const largeBytes = this.#large.bytesUpTo(sent);
    const { again } = new RingReader(this.ring).rewind(0);
    const confirmedEntries = this.writer.entries - this.#movedEntries - this.unconfirmedEntries();
    meter.recoverFromDeadWorker(again, largeBytes, confirmedEntries);
    Atomics.store(control, Control.ringOwner, RingOwner.nobody);
  }

  /** Whether a large frame fits beside the others: together as large as the ring, or one alone. */
  #hasRoomBeside(frameBytes: number): boolean {
    return this.#large.isEmpty || this.#large.bytes + frameBytes <= this.ring.size;
  }

  #writeLarge(frame: Buffer, tag: number): boolean {
    if (!this.#hasRoomBeside(frame.length)) return false;
    const large = this.#large;
    const key = large.nextKey;
    if (!this.writer.writeLarge(key, tag)) return false;
    large.add(frame, this.writer.cursor);
    this.#postLarge(key, frame);
    return true;
  }

  #postLarge(key: number, frame: Buffer): void {
    this.post({ kind: 'large', key, memory: sharedBytesOf(frame), bytes: frame.length });
  }
}
