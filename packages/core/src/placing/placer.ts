import {
  type DetachedFrame,
  type EntryRun,
  encodedSize,
  encodeFrame,
  type FrameParts,
  type FrameWriter,
  type RunOutcome,
  type SharedMemoryPool,
  type WriterMark,
} from '@ringest/workers';
import { Balancer, type Policy } from '../balancing/index.js';
import { OncePerTurn } from '../once-per-turn.js';
import { FrameCopier } from './frame-copier.js';
import type { Outlet } from './outlet.js';
import { writeTo } from './write-to.js';

/** Bytes that are held back until all of a batch is checked; beyond, the rest is checked first. */
const MAX_UNCOMMITTED_BYTES = 262144;

/** Gets a copy of each entry that enters a ring for the first time, before a worker can see it. */
export interface FrameTap {
  /** So much is on its way to the disk that nothing more may enter a ring. */
  readonly isBehind: boolean;
  /** @param frames unstamped frames, back to back: not to be kept */
  copy(frames: readonly Uint8Array[], entries: number): void;
}

export interface PlacerOptions {
  readonly balancing: Policy;
  /** Bytes. */
  readonly batchBytes: number;
}

/**
 * Writes entries into the rings: picks the lane of each batch, and commits it when it is full or the
 * event-loop turn ends.
 */
export class Placer {
  readonly balancer: Balancer<Outlet>;
  readonly #lanes: readonly Outlet[];
  readonly #sharedMemory: SharedMemoryPool;
  readonly #maxFrame: number;
  /** Made for the first entry that finds no room. */
  #copier: FrameCopier | undefined;
  #journal: FrameTap | undefined;
  /** The lane of the current batch, and after how many bytes that is committed. */
  #lane: Outlet | undefined;
  #batchBytes = 0;
  readonly #turnEnd = new OncePerTurn(() => this.commit());
  /** Whether any lane refuses any tag: else no entry has to ask. */
  #isAnyRefused = false;
  #rewrittenEntries = 0;
  #rewrittenBytes = 0;
  /** Where the lane's writer was when the batch at hand began. */
  #batchMark: WriterMark | undefined;
  /** What the lane's writer wrote since is not copied to the journal yet, if there is one. */
  #copiedTo: WriterMark | undefined;

  /** @param lanes at least one, all with rings of the same size and this shared memory */
  constructor(lanes: readonly Outlet[], options: PlacerOptions, sharedMemory: SharedMemoryPool) {
    this.#lanes = lanes;
    this.#sharedMemory = sharedMemory;
    this.#maxFrame = (lanes[0] as Outlet).writer.maxFrame;
    const target = lanes[0]?.endpoint;
    const sameTarget = lanes.every(({ endpoint }) => endpoint === target);
    const { balancing, batchBytes } = options;
    this.balancer = new Balancer(lanes, balancing, batchBytes, { sameTarget });
  }

  /** A journal gets copies of what enters rings from now on: to be called before the first entry. */
  copyTo(journal: FrameTap): void {
    this.#journal = journal;
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

  /** Whether new entries may enter a ring that has room. */
  get acceptsNew(): boolean {
    return !this.#journal?.isBehind;
  }

  /** A lane is hot or lost, or one has answered for a tag. */
  lanesChanged(): void {
    // The batch at hand may be for the lane that was lost.
    this.commit();
    this.#isAnyRefused = this.#lanes.some((lane) => lane.refusesAny);
  }

  /**
   * Writes an entry into the ring of the current batch's lane, or of another one.
   * @returns false when none has room; nothing was written then
   */
  write(parts: FrameParts): boolean {
    if (!this.acceptsNew || this.isLargeEntry(parts)) return false;
    const lane = this.#lane;
    if (lane === undefined || this.#isOut(lane, parts.tag) || !writeTo(lane.writer, parts)) {
      return this.#writeElsewhere(parts);
    }
    this.#account(lane);
    return true;
  }

  /**
   * Begins a batch that is written as a whole or not at all. Until `endBatch`, what is written with the
   * writer is not committed, and `cancelBatch` takes it back.
   * @returns `undefined` when nothing can be held back now
   */
  beginBatch(): FrameWriter | undefined {
    if (this.#lane === undefined) this.#begin(this.balancer.pick());
    const writer = this.#lane?.writer;
    this.#batchMark = writer?.mark();
    return this.acceptsNew ? writer : undefined;
  }

  /** Whether an entry may be held back with the others of its batch. */
  mayHold(parts: FrameParts): boolean {
    const lane = this.#lane as Outlet;
    return (
      lane.writer.uncommitted < MAX_UNCOMMITTED_BYTES &&
      !this.isLargeEntry(parts) &&
      !this.#isOut(lane, parts.tag)
    );
  }

  cancelBatch(): void {
    if (this.#batchMark !== undefined) this.#lane?.writer.rewind(this.#batchMark);
    // Nothing would end a batch that is empty.
    if (this.#lane?.writer.uncommitted === 0) this.#lane = undefined;
  }

  endBatch(): void {
    if (this.#lane !== undefined) this.#account(this.#lane);
  }

  /**
   * Writes the entries of a run that come next into rings.
   * @returns `written`: all of them; `full`: no ring has room for many; `alone`: the next one goes alone
   */
  writeRun(run: EntryRun): RunOutcome {
    const { tag } = run;
    if (tag === undefined && this.#isAnyRefused) return 'full';
    const passedOver = new Set<Outlet>();
    while (!run.isDone) {
      const lane = this.acceptsNew ? (this.#lane ?? this.balancer.pick(passedOver)) : undefined;
      if (lane === undefined) return 'full';
      if (this.#lane === undefined) this.#begin(lane);
      const isOut = tag !== undefined && this.#isOut(lane, tag);
      const outcome = isOut ? 'full' : lane.writer.writeRun(run);
      this.#account(lane);
      if (outcome === 'alone') return 'alone';
      if (outcome === 'written') continue;
      this.commit();
      passedOver.add(lane);
    }
    return 'written';
  }

  /** Copies an entry that found no room; `takeCopies` has it. */
  copy(parts: FrameParts): void {
    this.#copier ??= new FrameCopier();
    if (this.#copier.add(parts)) return;
    const size = encodedSize(parts);
    const frame = this.isLarge(size) ? this.#sharedMemory.allocate(size) : Buffer.allocUnsafe(size);
    encodeFrame(parts, frame);
    const alone = { frame, entries: 1, tag: parts.tag, wasInRing: false, isCached: false };
    this.#copier.addAlone(alone);
  }

  /** A copy is in a ring, or in the cache, or given up: its memory may be used again. */
  releaseCopy({ frame }: DetachedFrame): void {
    this.#copier?.release(frame);
  }

  /** Takes out the copies of entries that found no room. */
  takeCopies(): readonly DetachedFrame[] {
    return this.#copier?.take() ?? [];
  }

  /** Drops them: the write that they belong to has failed. */
  dropCopies(): void {
    for (const { frame } of this.takeCopies()) {
      if (this.isLarge(frame.length)) this.#sharedMemory.free(frame);
    }
  }

  /** Whether a frame of so many bytes has to be in memory that lanes can take over. */
  isLarge(frameBytes: number): boolean {
    return frameBytes > this.#maxFrame;
  }

  /** The same for an entry. */
  isLargeEntry(parts: FrameParts): boolean {
    const { data, values } = parts;
    const most = (typeof data === 'string' ? data.length * 3 : data.length) + 64;
    const valuesBytes = values === undefined ? 0 : values.length;
    return most + valuesBytes > this.#maxFrame && this.isLarge(encodedSize(parts));
  }

  /**
   * Writes a frame to the lane of the current batch, or to another one.
   * @returns the lane; `undefined`: none has room
   */
  place(frame: DetachedFrame): Outlet | undefined {
    if (!frame.isCached && !this.acceptsNew) return undefined;
    const lane = this.#writeToAny(frame.tag, (other) => this.#writeLoose(other, frame));
    if (lane === undefined) return undefined;
    if (frame.wasInRing) {
      this.#rewrittenEntries += frame.entries;
      this.#rewrittenBytes += frame.frame.length;
    }
    return lane;
  }

  /** Ends the current batch; the next one picks its lane anew. */
  commit(): void {
    const lane = this.#lane;
    if (lane === undefined) return;
    this.#lane = undefined;
    this.#copyToJournal(lane);
    lane.commit();
  }

  /** Not in `write`: a closure there would cost each entry an allocation. */
  #writeElsewhere(parts: FrameParts): boolean {
    return this.#writeToAny(parts.tag, (lane) => writeTo(lane.writer, parts)) !== undefined;
  }

  #isOut(lane: Outlet, tag: number): boolean {
    return this.#isAnyRefused && lane.refuses(tag);
  }

  /**
   * Writes to the lane of the current batch, or, as each is found not to take it, to another one.
   * @returns the lane that took it
   */
  #writeToAny(tag: number, write: (lane: Outlet) => boolean): Outlet | undefined {
    const passedOver = new Set<Outlet>();
    for (;;) {
      const isCurrent = this.#lane !== undefined;
      const lane = this.#lane ?? this.balancer.pick(passedOver);
      if (lane === undefined) return undefined;
      if (!isCurrent) this.#begin(lane);
      if (!lane.refuses(tag) && write(lane)) {
        this.#account(lane);
        return lane;
      }
      this.commit();
      passedOver.add(lane);
    }
  }

  /** What the cache has had already, and what is not in the ring itself, is not to be copied with the rest. */
  #writeLoose(lane: Outlet, frame: DetachedFrame): boolean {
    const journal = this.#journal;
    const bytes = frame.frame.length;
    if (journal === undefined || !(frame.isCached || this.isLarge(bytes))) {
      return lane.writeFrame(frame);
    }
    if (!lane.hasRoom(bytes)) return false;
    this.#copyToJournal(lane);
    if (!frame.isCached) journal.copy([frame.frame], frame.entries);
    const isWritten = lane.writeFrame(frame);
    this.#copiedTo = lane.writer.mark();
    return isWritten;
  }

  /** A batch begins. */
  #begin(lane: Outlet | undefined): void {
    this.#lane = lane;
    if (lane === undefined) return;
    this.#batchBytes = this.balancer.batchBytes(lane);
    if (this.#journal !== undefined) this.#copiedTo = lane.writer.mark();
  }

  #account(lane: Outlet): void {
    if (lane.writer.uncommitted >= this.#batchBytes) this.commit();
    else this.#turnEnd.schedule();
  }

  #copyToJournal(lane: Outlet): void {
    const mark = this.#copiedTo;
    if (this.#journal === undefined || mark === undefined) return;
    this.#copiedTo = undefined;
    const entries = lane.writer.entries - mark.entries;
    if (entries > 0) this.#journal.copy(lane.writer.since(mark), entries);
  }
}
