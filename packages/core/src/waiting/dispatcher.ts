import type { DetachedFrame, FrameParts, Lane, SharedMemoryPool } from '@ringest/workers';
import type { Balancer, Policy } from '../balancing/index.js';
import type { DiskCache } from '../cache/disk-cache.js';
import { BacklogFullError } from '../errors.js';
import { OncePerTurn } from '../once-per-turn.js';
import type { WaitOptions } from '../pending.js';
import { Barriers } from '../placing/barriers.js';
import { Evacuations } from '../placing/evacuations.js';
import { Placer } from '../placing/placer.js';
import { Slice } from '../slice.js';
import { Backlog } from './backlog.js';
import { Backpressure } from './backpressure.js';

/** What a dispatcher needs to know of the muxer's configuration. */
export interface DispatchOptions {
  readonly balancing: Policy;
  /** Bytes. */
  readonly batchBytes: number;
  /** Bytes. */
  readonly backlogBytes: number;
  readonly diskCache: DiskCache | undefined;
  /** Nothing waits for room any more. */
  drained(): void;
  /** What those are told who wait for an entry with a tag that every indexer refuses. */
  refusal(tag: number): Error;
}

/** The part of a ring that what comes from the cache may fill in one turn. */
const REPLAY_SHARE = 1 / 8;
/** Entries that every indexer refuses, beyond which none is taken out of the cache: they are in memory. */
const MOST_REFUSED = 16_384;

/**
 * Brings entries where they can be: into a ring, or the cache, or a queue of those that wait for
 * room; and knows when all of them are confirmed.
 */
export class Dispatcher {
  readonly #lanes: readonly Lane[];
  readonly #options: DispatchOptions;
  readonly #sharedMemory: SharedMemoryPool;
  readonly #cache: DiskCache | undefined;
  readonly #placer: Placer;
  readonly #backlog = new Backlog();
  readonly #barriers: Barriers;
  /** The same for what is in rings alone, whatever waits elsewhere. */
  readonly #ringBarriers: Barriers;
  readonly #evacuations: Evacuations;
  readonly #room: Backpressure;
  /** A batch need not end at once for what is due, and there may be many reasons. */
  readonly #progress = new OncePerTurn(() => this.progress());

  /** @param lanes at least one, all with rings of the same size and this shared memory */
  constructor(lanes: readonly Lane[], options: DispatchOptions, sharedMemory: SharedMemoryPool) {
    const { diskCache } = options;
    this.#lanes = lanes;
    this.#options = options;
    this.#sharedMemory = sharedMemory;
    this.#cache = diskCache;
    this.#placer = new Placer(lanes, { ...options, journal: diskCache?.journal }, sharedMemory);
    this.#barriers = new Barriers(lanes, () => diskCache?.mark());
    this.#ringBarriers = new Barriers(lanes);
    this.#evacuations = new Evacuations(lanes, {
      place: (frame) => this.#placer.place(frame),
      putFirst: (frames, placed, abandoned) => this.#backlog.putFirst(frames, placed, abandoned),
      moveBegins: (move, lane) => {
        this.#barriers.beginMove(move, lane);
        this.#ringBarriers.beginMove(move, lane);
      },
      moveEnds: (move, receivers) => {
        this.#placer.commit();
        this.#barriers.endMove(move, receivers);
        this.#ringBarriers.endMove(move, receivers);
      },
      progress: () => this.progress(),
    });
    this.#room = new Backpressure({
      balancer: this.#placer.balancer,
      waiting: () => this.#evacuations.blocked ?? diskCache?.blocked ?? this.#backlog.head,
      isQueueEmpty: () => this.#backlog.isEmpty,
      isOpen: () => this.#placer.acceptsNew,
      isTakenElsewhere: () => diskCache?.isAccepting ?? false,
      drained: options.drained,
    });
    if (diskCache !== undefined) this.#connect(diskCache);
  }

  get balancer(): Balancer<Lane> {
    return this.#placer.balancer;
  }

  /** Entries that wait for room. */
  get waitingEntries(): number {
    return this.#backlog.entries;
  }

  /** Entries that were accepted and that every indexer refuses for their tag. */
  get refusedEntries(): number {
    return this.#evacuations.refusedFrames.length;
  }

  /** What entered the rings: entries, and bytes of their frames. One that was moved counts once. */
  written(): { readonly entries: number; readonly bytes: number } {
    return this.#placer.written();
  }

  /** Whether an entry with a frame of so many bytes would have to wait for room. */
  wouldWait(frameBytes: number): boolean {
    return this.#room.isShort(frameBytes);
  }

  /** The same, for somebody who waits for `drained` if it is so. */
  mustWait(frameBytes: number): boolean {
    if (!this.#room.isShort(frameBytes)) return false;
    // Not from here: whoever asks has to listen first.
    if (this.#room.requestDrain(frameBytes)) this.#progress.schedule();
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
   * Writes an entry into a ring, or, where none has room, into the cache.
   * @returns false when it has to wait, or others do already; nothing was written then
   */
  write(parts: FrameParts): boolean {
    if (!this.#backlog.isEmpty) return false;
    const cache = this.#cache;
    if (!cache?.prefersDisk && this.#placer.write(parts)) return true;
    // A large one may find room in a ring all the same.
    return cache !== undefined && !this.#placer.isLargeEntry(parts) && cache.spill(parts);
  }

  /** See `Placer.beginBatch`; so for the next three. */
  beginBatch(): void {
    this.#placer.beginBatch();
  }

  writeInBatch(parts: FrameParts): boolean {
    return this.#backlog.isEmpty && !this.#cache?.prefersDisk && this.#placer.writeInBatch(parts);
  }

  cancelBatch(): void {
    this.#placer.cancelBatch();
  }

  endBatch(): void {
    this.#placer.endBatch();
  }

  /** A copy of an entry that found no room, for `enqueue`. */
  copy(parts: FrameParts): DetachedFrame {
    return this.#placer.copy(parts);
  }

  /**
   * Queues copies of entries up for room.
   * @param acceptedBefore entries of the same batch that are in rings
   * @returns `undefined` when there is room for all of them at once
   */
  enqueue(
    frames: readonly DetachedFrame[],
    acceptedBefore: number,
    options: WaitOptions,
  ): Promise<void> | undefined {
    const written = this.#backlog.push(frames, acceptedBefore, options, (refused) => {
      for (const frame of refused) this.#giveBack(frame);
      this.progress();
    });
    this.progress();
    if (this.#backlog.isEmpty) return undefined;
    this.#room.requestDrain(0);
    return written;
  }

  /** Resolves once everything written before is confirmed; `forces`: the indexers are asked for it. */
  barrier(forces: boolean, options: WaitOptions): Promise<void> {
    return this.#addBarrier(forces, options);
  }

  /** A lane is hot or lost, or one has answered for a tag. */
  lanesChanged(): void {
    this.#placer.lanesChanged();
    this.#cache?.lanesChanged();
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
      this.#cache?.proceed();
      const isCut = this.#drain();
      this.#placer.commit();
      again = !isCut && this.#room.arm();
      if (this.#settleBarriers() && !isCut) again = true;
    }
    this.#room.emitDrainIfPending();
    this.#cache?.tellWaiting(this.#room.isDrainPending || !this.#backlog.isEmpty);
  }

  /** Gives up what waits: it goes back to those who wrote it. Lanes get their rings back. */
  abandon(error: Error): void {
    this.#evacuations.stop();
    this.#backlog.abandonAll(error);
    this.#rejectBarriers(error);
  }

  /** The same, but that the cache keeps what waits. */
  keepWaiting(cache: DiskCache, error: Error): void {
    this.#evacuations.stop();
    this.#backlog.placeWaiting((frame) => {
      cache.keep(frame);
      this.#giveBack(frame);
      return true;
    });
    this.#rejectBarriers(error);
  }

  /** Has the cache keep all that is in rings that no worker has, and what every indexer refuses. */
  keepUnconfirmed(cache: DiskCache): void {
    for (const lane of this.#lanes) {
      if (!lane.beginEvacuation()) continue;
      for (let head = lane.head(); head !== undefined; head = lane.head()) {
        cache.keepFirst(head);
        lane.dropHead();
      }
      lane.endEvacuation();
    }
    for (const frame of this.#evacuations.takeRefusedFrames()) cache.keepFirst(frame);
  }

  #connect(cache: DiskCache): void {
    cache.connect({
      isAnyHot: () => this.#lanes.some((lane) => lane.isHot),
      share: Math.floor((this.#lanes[0] as Lane).ringBytes * REPLAY_SHARE),
      place: (frame) => this.#placeSparingly(frame),
      detach: (frame) => this.#detach(frame),
      commit: () => this.#placer.commit(),
      confirmed: () => this.#whenRingsAreConfirmed(),
      barrier: () => this.barrier(false, {}),
      refused: () => this.#evacuations.refusedFrames,
      passed: (mark) => this.#barriers.endMove(mark, new Set(this.#lanes)),
      lost: (error) => this.#barriers.rejectOutside(error),
      progress: () => this.progress(),
    });
  }

  /** Not after what waits for room: it may wait for what is removed then. */
  #whenRingsAreConfirmed(): Promise<void> {
    const passed = this.#ringBarriers.add(false, {}, (place) => {
      place();
      return () => {};
    });
    this.#progress.schedule();
    return passed;
  }

  #addBarrier(forces: boolean, options: WaitOptions): Promise<void> {
    const passed = this.#barriers.add(forces, options, (place) =>
      this.#backlog.afterAll(() => {
        if (forces) this.#placer.commit();
        place();
      }),
    );
    if (forces) this.progress();
    else this.#progress.schedule();
    return passed;
  }

  /**
   * Entries that wait for an indexer that takes their tag hold up everybody who waits for them; if
   * none can, that is the answer.
   */
  #settleBarriers(): boolean {
    const again = this.#ringBarriers.settle(undefined);
    const tag = this.#evacuations.hopelessTag;
    if (tag !== undefined) return this.#barriers.settle(this.#options.refusal(tag)) || again;
    return (this.refusedEntries === 0 && this.#barriers.settle(undefined)) || again;
  }

  #rejectBarriers(error: Error): void {
    this.#barriers.rejectAll(error);
    this.#ringBarriers.rejectAll(error);
  }

  /** Places what waits for room. Returns whether its slice is over before: it goes on in the next turn. */
  #drain(): boolean {
    if (this.#backlog.isEmpty) return false;
    const isOver = this.#backlog.placeWaiting(
      (waiting) => this.#placeSomewhere(waiting),
      new Slice(),
    );
    if (isOver) this.#progress.schedule();
    return isOver;
  }

  #placeSomewhere(waiting: DetachedFrame): boolean {
    if (this.#placer.place(waiting) !== undefined) return true;
    // It would stop all that waits behind it.
    if (this.#evacuations.isRefused(waiting.tag)) {
      if (!waiting.isCached) this.#cache?.journal?.copy([waiting.frame], 1);
      this.#evacuations.keepRefused({ ...waiting, isCached: true });
      return true;
    }
    // What was in a ring is counted there.
    if (waiting.wasInRing || !this.#cache?.spillFrame(waiting)) return false;
    this.#giveBack(waiting);
    return true;
  }

  /** Places a frame of the cache where half of a ring is free: the rest is for new ones. */
  #placeSparingly(frame: DetachedFrame): boolean {
    const { tag } = frame;
    const { length } = frame.frame;
    if (this.#evacuations.isRefused(tag)) {
      if (this.refusedEntries >= MOST_REFUSED) return false;
      this.#evacuations.keepRefused(this.#placer.isLarge(length) ? frame : copyOf(frame));
      return true;
    }
    const isSpare = (lane: Lane) => lane.isHalfFree && lane.hasRoom(length) && !lane.refuses(tag);
    return this.balancer.isAnyOpen(isSpare) && this.#placer.place(frame) !== undefined;
  }

  #detach(frame: Buffer): Buffer {
    if (!this.#placer.isLarge(frame.length)) return frame;
    const own = this.#sharedMemory.allocate(frame.length);
    return own.fill(frame);
  }

  /** Of a frame that is elsewhere, the memory is free. */
  #giveBack({ frame }: DetachedFrame): void {
    if (this.#placer.isLarge(frame.length)) this.#sharedMemory.free(frame);
  }
}

function copyOf(frame: DetachedFrame): DetachedFrame {
  return { ...frame, frame: Buffer.from(frame.frame) };
}
