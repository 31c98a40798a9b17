import {
  encodedSize,
  encodeFrame,
  type FrameParts,
  type Lane,
  type LooseFrame,
  type SharedMemoryPool,
  type WriterMark,
} from '@ringest/workers';
import { Backlog } from './backlog.js';
import { Balancer, type Policy } from './balancing/index.js';
import { Barriers } from './barriers.js';
import { BacklogFullError } from './errors.js';
import { Evacuations } from './evacuations.js';
import { Room } from './room.js';
import type { WaitOptions } from './waiting.js';

/** Bytes that are held back until all of a batch is checked; beyond, the rest is checked first. */
const MOST_HELD = 262144;

/** What a dispatcher needs to know of the muxer's configuration. */
export interface DispatchOptions {
  readonly balancing: Policy;
  /** Bytes. */
  readonly batchBytes: number;
  /** Bytes. */
  readonly backlogBytes: number;
  /** Nothing waits for room any more. */
  drained(): void;
  /** What those are told who wait for an entry with a tag that every indexer refuses. */
  refusal(tag: number): Error;
}

/**
 * Brings entries into the rings: picks the lane of each batch, commits it when it is full or the
 * event-loop turn ends, and keeps what finds no room until there is some.
 */
export class Dispatcher {
  readonly balancer: Balancer<Lane>;
  readonly #lanes: readonly Lane[];
  readonly #options: DispatchOptions;
  readonly #sharedMemory: SharedMemoryPool;
  readonly #maxFrame: number;
  readonly #backlog = new Backlog();
  readonly #barriers: Barriers;
  readonly #evacuations: Evacuations;
  readonly #room: Room;
  /** The lane of the current batch, and after how many bytes that is committed. */
  #lane: Lane | undefined;
  #batchBytes = 0;
  /** Where the last frame was placed. */
  #lastLane: Lane | undefined;
  #isProgressDue = false;
  #isTurnEndDue = false;
  /** Whether any lane refuses any tag: else no entry has to ask. */
  #isAnyRefused = false;
  #rewrittenEntries = 0;
  #rewrittenBytes = 0;
  /** Where the lane's writer was when the batch at hand began. */
  #batchMark: WriterMark | undefined;

  /** @param lanes at least one, all with rings of the same size and this shared memory */
  constructor(lanes: readonly Lane[], options: DispatchOptions, sharedMemory: SharedMemoryPool) {
    this.#lanes = lanes;
    this.#options = options;
    this.#sharedMemory = sharedMemory;
    this.#maxFrame = (lanes[0] as Lane).writer.maxFrame;
    const target = lanes[0]?.endpoint;
    const sameTarget = lanes.every(({ endpoint }) => endpoint === target);
    const { balancing, batchBytes } = options;
    this.balancer = new Balancer(lanes, balancing, batchBytes, { sameTarget });
    this.#barriers = new Barriers(lanes);
    this.#evacuations = new Evacuations(lanes, {
      place: (frame) => (this.#place(frame) ? this.#lastLane : undefined),
      putFirst: (frames, placed, abandoned) => this.#backlog.putFirst(frames, placed, abandoned),
      moveBegins: (move, lane) => this.#barriers.beginMove(move, lane),
      moveEnds: (move, receivers) => {
        this.#commit();
        this.#barriers.endMove(move, receivers);
      },
      progress: () => this.progress(),
    });
    const { balancer } = this;
    this.#room = new Room(balancer, this.#backlog, this.#evacuations, options.drained);
  }

  /** Entries that wait for room. */
  get waitingEntries(): number {
    return this.#backlog.entries;
  }

  /** Entries that were accepted and that every indexer refuses for their tag. */
  get refusedEntries(): number {
    return this.#evacuations.shelvedEntries;
  }

  /** What entered the rings: entries, and bytes of their frames. One that was moved counts once. */
  written(): { readonly entries: number; readonly bytes: number } {
    let entries = -this.#rewrittenEntries;
    let bytes = -this.#rewrittenBytes;
    for (const lane of this.#lanes) {
      entries += lane.writer.entries;
      bytes += lane.writtenBytes;
    }
    return { entries, bytes };
  }

  /** Whether an entry with a frame of so many bytes would have to wait for room. */
  wouldWait(frameBytes: number): boolean {
    return this.#room.isShort(frameBytes);
  }

  /** The same, for somebody who waits for `drained` if it is so. */
  mustWait(frameBytes: number): boolean {
    if (!this.#room.isShort(frameBytes)) return false;
    // Not from here: whoever asks has to listen first.
    if (this.#room.owe(frameBytes)) this.#progressSoon();
    return true;
  }

  /** Whether all lanes that could send an entry with the tag now refuse it. */
  isRefused(tag: number): boolean {
    return this.#evacuations.isRefused(tag);
  }

  /** @throws {BacklogFullError} when so much waits that nothing more may be written */
  checkBacklog(): void {
    if (this.#backlog.isEmpty || this.#backlog.bytes < this.#options.backlogBytes) return;
    throw new BacklogFullError(this.#backlog.bytes);
  }

  /**
   * Writes an entry into the ring of the current batch's lane, or of another one.
   * @returns false when none has room, or others wait already; nothing was written then
   */
  write(parts: FrameParts): boolean {
    if (!this.#backlog.isEmpty || this.#isLarge(parts)) return false;
    const lane = this.#lane;
    const isOut = lane === undefined || (this.#isAnyRefused && lane.refuses(parts.tag));
    if (isOut || !writeTo(lane, parts)) {
      return this.#writeToAny(parts.tag, (other) => writeTo(other, parts));
    }
    this.#account(lane);
    return true;
  }

  /**
   * Begins a batch that is written as a whole or not at all: until `endBatch`, what `hold` writes
   * is not committed, and `cancelBatch` takes it back.
   */
  beginBatch(): void {
    if (this.#lane === undefined) this.#begin(this.balancer.pick());
    this.#batchMark = this.#lane?.writer.mark();
  }

  /** @returns false when the entry cannot be held with the others; nothing was written then */
  hold(parts: FrameParts): boolean {
    const lane = this.#lane;
    if (lane === undefined || !this.#backlog.isEmpty || this.#isLarge(parts)) return false;
    if (this.#isAnyRefused && lane.refuses(parts.tag)) return false;
    return lane.writer.uncommitted < MOST_HELD && writeTo(lane, parts);
  }

  cancelBatch(): void {
    if (this.#batchMark !== undefined) this.#lane?.writer.rewind(this.#batchMark);
    // Nothing would end a batch that is empty.
    if (this.#lane?.writer.uncommitted === 0) this.#lane = undefined;
  }

  endBatch(): void {
    if (this.#lane !== undefined) this.#account(this.#lane);
  }

  /** A copy of an entry that found no room, for `enqueue`. */
  copy(parts: FrameParts): LooseFrame {
    const size = encodedSize(parts);
    const isLarge = size > this.#maxFrame;
    const frame = isLarge ? this.#sharedMemory.take(size) : Buffer.allocUnsafe(size);
    encodeFrame(parts, frame);
    return { frame, tag: parts.tag, wasInRing: false };
  }

  /**
   * Queues copies of entries up for room.
   * @param acceptedBefore entries of the same batch that are in rings
   * @returns `undefined` when there is room for all of them at once
   */
  enqueue(
    frames: readonly LooseFrame[],
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
    if (this.#backlog.isEmpty) return undefined;
    this.#room.owe(0);
    return written;
  }

  /** Resolves once everything written before is confirmed; `forces`: the indexers are asked for it. */
  barrier(forces: boolean, options: WaitOptions): Promise<void> {
    const passed = this.#barriers.add(forces, options, (place) =>
      this.#backlog.afterAll(() => {
        if (forces) this.#commit();
        place();
      }),
    );
    if (forces) this.progress();
    else this.#progressSoon();
    return passed;
  }

  /** A lane is hot or lost, or one has answered for a tag. */
  lanesChanged(): void {
    // The batch at hand may be for the lane that was lost.
    this.#commit();
    this.#isAnyRefused = this.#lanes.some((lane) => lane.refusesAny);
    // Its indexer knows nothing of what others were asked to confirm.
    this.#barriers.flush();
    this.#evacuations.look();
    this.progress();
  }

  /** Something moved: there may be room, or entries are confirmed. */
  progress(): void {
    let again = true;
    while (again) {
      this.#evacuations.proceed();
      this.#backlog.drain((waiting) => this.#placeOrShelve(waiting));
      this.#commit();
      again = this.#room.arm();
      if (this.#settleBarriers()) again = true;
    }
    this.#room.drainIfOwed();
  }

  /** Gives up what waits: it goes back to those who wrote it. Lanes get their rings back. */
  abandon(error: Error): void {
    this.#evacuations.stop();
    this.#backlog.abandonAll(error);
    this.#barriers.rejectAll(error);
  }

  /** At the end of this event-loop turn: a batch need not end for that, and there may be many reasons. */
  #progressSoon(): void {
    if (this.#isProgressDue) return;
    this.#isProgressDue = true;
    setImmediate(() => {
      this.#isProgressDue = false;
      this.progress();
    });
  }

  /**
   * Entries that wait for an indexer that takes their tag hold up everybody who waits for them; if
   * none can, that is the answer.
   */
  #settleBarriers(): boolean {
    const tag = this.#evacuations.hopelessTag;
    if (tag !== undefined) return this.#barriers.settle(this.#options.refusal(tag));
    return this.#evacuations.shelvedEntries === 0 && this.#barriers.settle(undefined);
  }

  #isRefusedBy(lane: Lane, tag: number): boolean {
    return this.#isAnyRefused && lane.refuses(tag);
  }

  #isLarge(parts: FrameParts): boolean {
    const { data, values } = parts;
    const most = (typeof data === 'string' ? data.length * 3 : data.length) + 64;
    const valuesBytes = values === undefined ? 0 : values.length;
    return most + valuesBytes > this.#maxFrame && encodedSize(parts) > this.#maxFrame;
  }

  #placeOrShelve(waiting: LooseFrame): boolean {
    if (this.#place(waiting)) return true;
    // It would stop all that waits behind it.
    if (!this.#evacuations.isRefused(waiting.tag)) return false;
    this.#evacuations.shelve(waiting);
    return true;
  }

  #place(frame: LooseFrame): boolean {
    const lane = this.#lane;
    if (lane !== undefined && !this.#isRefusedBy(lane, frame.tag) && lane.writeFrame(frame)) {
      this.#lastLane = lane;
      this.#account(lane);
    } else if (!this.#writeToAny(frame.tag, (other) => other.writeFrame(frame))) {
      return false;
    }
    if (frame.wasInRing) {
      this.#rewrittenEntries++;
      this.#rewrittenBytes += frame.frame.length;
    }
    return true;
  }

  /** Writes to the lane of the current batch, or, as each is found not to take it, to another one. */
  #writeToAny(tag: number, write: (lane: Lane) => boolean): boolean {
    const passedOver = new Set<Lane>();
    for (;;) {
      const lane = this.#lane ?? this.balancer.pick(passedOver);
      if (lane === undefined) return false;
      if (!lane.refuses(tag) && write(lane)) {
        if (this.#lane === undefined) this.#begin(lane);
        this.#lastLane = lane;
        this.#account(lane);
        return true;
      }
      this.#commit();
      passedOver.add(lane);
    }
  }

  /** A batch begins. */
  #begin(lane: Lane | undefined): void {
    this.#lane = lane;
    if (lane !== undefined) this.#batchBytes = this.balancer.batchBytes(lane);
  }

  #account(lane: Lane): void {
    if (lane.writer.uncommitted >= this.#batchBytes) {
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
