import {
  encodedSize,
  encodeFrame,
  type FrameParts,
  type Lane,
  type SharedMemoryPool,
  type WriterMark,
} from '@ringest/workers';
import { Backlog, type WaitingFrame } from './backlog.js';
import { openLanes, pickLane } from './balancer.js';
import { Barrier } from './barrier.js';
import { BacklogFullError } from './errors.js';
import { Pending, type WaitOptions } from './waiting.js';

/** Bytes that are held back until all of a batch is checked; beyond, the rest is checked first. */
const MOST_HELD = 262144;

/** What a dispatcher needs to know of the muxer's configuration; all in bytes. */
export interface DispatchLimits {
  readonly batchBytes: number;
  readonly backlogBytes: number;
}

/**
 * Brings entries into the rings: picks the lane of each batch, commits it when it is full or the
 * event-loop turn ends, and keeps what finds no room until there is some.
 */
export class Dispatcher {
  readonly #lanes: readonly Lane[];
  readonly #limits: DispatchLimits;
  readonly #sharedMemory: SharedMemoryPool;
  readonly #maxFrame: number;
  readonly #backlog = new Backlog();
  readonly #barriers = new Set<Barrier>();
  /** The lane of the current batch. */
  #lane: Lane | undefined;
  #isTurnEndDue = false;
  /** Where the lane's writer was when the batch at hand began. */
  #batchMark: WriterMark | undefined;

  /** @param lanes at least one, all with rings of the same size and this shared memory */
  constructor(lanes: readonly Lane[], limits: DispatchLimits, sharedMemory: SharedMemoryPool) {
    this.#lanes = lanes;
    this.#limits = limits;
    this.#sharedMemory = sharedMemory;
    this.#maxFrame = (lanes[0] as Lane).writer.maxFrame;
  }

  /** Entries that wait for room. */
  get waitingEntries(): number {
    return this.#backlog.entries;
  }

  /** @throws {BacklogFullError} when so much waits that nothing more may be written */
  checkBacklog(): void {
    if (this.#backlog.isEmpty || this.#backlog.bytes < this.#limits.backlogBytes) return;
    throw new BacklogFullError(this.#backlog.bytes);
  }

  /**
   * Writes an entry into the ring of the current batch's lane, or of another one.
   * @returns false when none has room, or others wait already; nothing was written then
   */
  write(parts: FrameParts): boolean {
    if (!this.#backlog.isEmpty || this.#isLarge(parts)) return false;
    const lane = this.#lane;
    if (lane === undefined || !writeTo(lane, parts)) {
      return this.#writeToAny((other) => writeTo(other, parts));
    }
    this.#account(lane);
    return true;
  }

  /**
   * Begins a batch that is written as a whole or not at all: until `endBatch`, what `hold` writes
   * is not committed, and `cancelBatch` takes it back.
   */
  beginBatch(): void {
    this.#lane ??= pickLane(this.#lanes, this.#limits.batchBytes);
    this.#batchMark = this.#lane?.writer.mark();
  }

  /** @returns false when the entry cannot be held with the others; nothing was written then */
  hold(parts: FrameParts): boolean {
    const lane = this.#lane;
    if (lane === undefined || !this.#backlog.isEmpty || this.#isLarge(parts)) return false;
    return lane.writer.uncommitted < MOST_HELD && writeTo(lane, parts);
  }

  cancelBatch(): void {
    if (this.#batchMark !== undefined) this.#lane?.writer.rewind(this.#batchMark);
  }

  endBatch(): void {
    if (this.#lane !== undefined) this.#account(this.#lane);
  }

  /** A copy of an entry that found no room, for `enqueue`. */
  copy(parts: FrameParts): WaitingFrame {
    const size = encodedSize(parts);
    const isLarge = size > this.#maxFrame;
    const frame = isLarge ? this.#sharedMemory.take(size) : Buffer.allocUnsafe(size);
    encodeFrame(parts, frame);
    return { frame, tag: parts.tag };
  }

  /**
   * Queues copies of entries up for room.
   * @param acceptedBefore entries of the same batch that are in rings
   * @returns `undefined` when there is room for all of them at once
   */
  enqueue(
    frames: readonly WaitingFrame[],
    acceptedBefore: number,
    options: WaitOptions,
  ): Promise<void> | undefined {
    const written = this.#backlog.push(frames, acceptedBefore, options, (refused) => {
      for (const { frame } of refused) {
        if (frame.length > this.#maxFrame) this.#sharedMemory.give(frame);
      }
      this.progress();
    });
    this.progress();
    return this.#backlog.isEmpty ? undefined : written;
  }

  /** Resolves once everything written before is confirmed. */
  sync(options: WaitOptions): Promise<void> {
    const pending = new Pending('the confirmation of all entries', options, (error) => {
      this.#barriers.delete(barrier);
      pending.reject(error);
    });
    const barrier = new Barrier(pending);
    this.#barriers.add(barrier);
    this.#backlog.afterAll(() => {
      this.#commit();
      barrier.place(this.#lanes);
      barrier.flush();
    });
    this.progress();
    return pending.promise;
  }

  /** A lane is hot: its indexer knows nothing of what others were asked to confirm. */
  laneIsHot(): void {
    for (const barrier of this.#barriers) barrier.flush();
    this.progress();
  }

  /** Something moved: a lane is hot or lost, or has room, or its entries are confirmed. */
  progress(): void {
    let again = true;
    while (again) {
      this.#backlog.drain(({ frame, tag }) =>
        this.#writeToAny((lane) => lane.writeFrame(frame, tag)),
      );
      this.#commit();
      again = this.#armForRoom();
      for (const barrier of this.#barriers) {
        if (barrier.isPassed()) {
          this.#barriers.delete(barrier);
          barrier.pending.resolve();
        } else if (barrier.arm()) {
          again = true;
        }
      }
    }
  }

  /** Gives up what waits: it goes back to those who wrote it. */
  abandon(error: Error): void {
    this.#backlog.abandonAll(error);
    for (const { pending } of this.#barriers) pending.reject(error);
    this.#barriers.clear();
  }

  #isLarge(parts: FrameParts): boolean {
    const { data, values } = parts;
    const most = (typeof data === 'string' ? data.length * 3 : data.length) + 64;
    const valuesBytes = values === undefined ? 0 : values.length;
    return most + valuesBytes > this.#maxFrame && encodedSize(parts) > this.#maxFrame;
  }

  /** Writes to the lane of the current batch, or, as each is found to have no room, to another one. */
  #writeToAny(write: (lane: Lane) => boolean): boolean {
    const passedOver = new Set<Lane>();
    for (;;) {
      const lane = this.#lane ?? pickLane(this.#lanes, this.#limits.batchBytes, passedOver);
      if (lane === undefined) return false;
      if (write(lane)) {
        this.#lane = lane;
        this.#account(lane);
        return true;
      }
      this.#commit();
      passedOver.add(lane);
    }
  }

  #account(lane: Lane): void {
    if (lane.writer.uncommitted >= this.#limits.batchBytes) {
      this.#commit();
    } else if (!this.#isTurnEndDue) {
      this.#isTurnEndDue = true;
      setImmediate(this.#endTurn);
    }
  }

  readonly #endTurn = () => {
    this.#isTurnEndDue = false;
    this.#commit();
  };

  /** Ends the current batch; the next one picks its lane anew. */
  #commit(): void {
    this.#lane?.commit();
    this.#lane = undefined;
  }

  /** While entries wait for room, has every open lane tell of it. Returns whether one has it by now. */
  #armForRoom(): boolean {
    const { head } = this.#backlog;
    if (head === undefined) return false;
    let hasRoom = false;
    for (const lane of openLanes(this.#lanes)) {
      if (lane.wakeForRoom(head.frame.length)) hasRoom = true;
    }
    return hasRoom;
  }
}

function writeTo(lane: Lane, parts: FrameParts): boolean {
  return lane.writer.write(
    parts.seconds,
    parts.nanoseconds,
    parts.tag,
    parts.source,
    parts.data,
    parts.values,
  );
}
