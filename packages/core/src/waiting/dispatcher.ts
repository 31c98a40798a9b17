/**
 * `Dispatcher.progress` is where all waiting ends: entries that wait find room, and promises resolve.
 * It does as much as can be done now, and then arms what calls it again:
 *
 *     repeat
 *       1  evacuated frames    of lost lanes are moved to other rings. They were accepted first.
 *       2  entries on disk     are replayed. They are older than what waits in memory.
 *       3  the backlog         is placed, in order. It is older than any new entry. Then producers.
 *       4  commit              of the batch that 1 to 3 have begun: else no worker would ever send it.
 *       5  arm for room        for the oldest frame that still waits. It looks again after it has armed.
 *       6  settle barriers     that are passed, and arm for the oldest other one. It looks again, too.
 *     while 5 or 6 has found something by its second look
 *       7  `drain`             when nothing waits: listeners write at once, and older entries go first.
 *       8  the spill's clock   runs while anything waits.
 *
 * What holds afterwards: what could be placed is placed and committed, oldest first; barriers that are
 * passed are settled; and for all that still waits, a lane will wake the muxer, or something is
 * scheduled for the end of the turn, or the disk or a connection will report. So no timer looks for room.
 *
 * Step 3 ends after 2 ms. Then 5 and 6 do not repeat the loop: the next turn goes on. Steps 1 and 2 end
 * their turns themselves, by 2 ms or a share of a ring.
 *
 * `progress` may run at any time on the main thread. Below this file, all use the one upward call:
 * `schedule()`, which runs it at the end of the turn. A batch need not end early for that.
 * docs/architecture/placing.md has the reasons for each step, and who calls it.
 */
import type { DetachedFrame, EntryRun, FrameParts } from '@ringest/workers';
import type { DiskCache } from '../cache/disk-cache.js';
import { BacklogFullError } from '../errors.js';
import type { OncePerTurn } from '../once-per-turn.js';
import { Barriers } from '../placing/barriers.js';
import type { Placer } from '../placing/placer.js';
import type { Rings } from '../placing/rings.js';
import type { Producers } from '../producing/producers.js';
import { Slice } from '../slice.js';
import type { WaitOptions } from '../wait.js';
import { Backlog } from './backlog.js';
import { Backpressure } from './backpressure.js';

/** What a dispatcher needs to know of the muxer. */
export interface DispatchOptions {
  /** Producers in other threads; `undefined`: there can be none. */
  readonly producers?: Producers;
  /** Bytes. */
  readonly backlogBytes: number;
  /** Nothing waits for room any more. */
  drained(): void;
  /**
   * Why a barrier rejects that waits for an entry whose tag every connected indexer refuses.
   * @param waiting all tags of entries that wait for an indexer that accepts them
   */
  refusal(tag: number, waiting: Iterable<number>): Error;
}

/**
 * Brings entries where they can be: into a ring, or the cache, or a queue of those that wait for
 * room; and knows when all of them are confirmed.
 */
export class Dispatcher {
  /** What waits for room. */
  readonly backlog = new Backlog();
  readonly #rings: Rings;
  readonly #placer: Placer;
  readonly #cache: DiskCache | undefined;
  readonly #progress: OncePerTurn;
  readonly #options: DispatchOptions;
  readonly #barriers: Barriers;
  /** Those of inlets. */
  readonly #receipts: Barriers;
  readonly #backpressure: Backpressure;
  /** Whether the backlog was not empty when producers had their last turn: the next one is theirs. */
  #areProducersOwed = false;

  /** @param progress runs `progress` */
  constructor(
    rings: Rings,
    cache: DiskCache | undefined,
    progress: OncePerTurn,
    options: DispatchOptions,
  ) {
    this.#rings = rings;
    this.#placer = rings.placer;
    this.#cache = cache;
    this.#progress = progress;
    this.#options = options;
    const outside = () => cache?.mark();
    this.#barriers = new Barriers(rings.lanes, outside);
    this.#receipts = new Barriers(rings.lanes, outside);
    rings.moves.addFollower(this.#barriers);
    rings.moves.addFollower(this.#receipts);
    this.#backpressure = new Backpressure(rings.placer);
  }

  /** Whether an entry with a frame of so many bytes would have to wait for room. */
  wouldWait(frameBytes: number): boolean {
    if (!this.backlog.isEmpty) return true;
    return !this.#backpressure.hasRoom(frameBytes) && !this.#isTakenByCache;
  }

  /** As `wouldWait`. If it is true, `drained` is called later, when it would be false. */
  mustWait(frameBytes: number): boolean {
    if (!this.wouldWait(frameBytes)) return false;
    // Not from here: the caller has to listen first.
    if (this.#backpressure.requestDrain(frameBytes)) this.#progress.schedule();
    return true;
  }

  /** @throws {BacklogFullError} when so much waits that nothing more may be written */
  checkBacklog(): void {
    if (this.backlog.isEmpty || this.backlog.bytes < this.#options.backlogBytes) return;
    throw new BacklogFullError(this.backlog.bytes);
  }

  /**
   * Writes an entry into a ring, or, where none has room, into the cache.
   * @returns false when it has to wait, or others do already; nothing was written then
   */
  write(parts: FrameParts): boolean {
    if (!this.backlog.isEmpty) return false;
    const cache = this.#cache;
    if (!cache?.prefersDisk && this.#placer.write(parts)) return true;
    // A large one may find room in a ring all the same.
    return cache !== undefined && !this.#placer.isLargeEntry(parts) && cache.spill(parts);
  }

  /** Whether entries may enter rings now, for those that are held back until a batch is checked. */
  get mayEnterRings(): boolean {
    return this.backlog.isEmpty && !this.#cache?.prefersDisk;
  }

  /**
   * Writes the entries of a run, as many as there is room for in rings or in the cache.
   * @returns false when the next one has to wait, or others do already
   */
  writeRun(run: EntryRun): boolean {
    let areRingsFull = !this.mayEnterRings;
    while (!run.isDone) {
      if (!areRingsFull) areRingsFull = this.#placer.writeRun(run) === 'full';
      const next = run.next();
      if (next === undefined) break;
      if (!this.write(next)) return false;
      run.passedNext();
    }
    return true;
  }

  /**
   * Writes frames that were encoded elsewhere into a ring, or, where none has room, into the cache. If any lane
   * refuses the tag of one of them, all must have that tag.
   * @returns false when they have to wait, or others do already; nothing was written then
   */
  writeFrames(frames: DetachedFrame): boolean {
    return this.backlog.isEmpty && this.#placeNew(frames);
  }

  /** Queues up for room what `Placer.copy` has copied. See `enqueue`. */
  enqueueCopies(acceptedBefore: number, options: WaitOptions): Promise<void> | undefined {
    return this.enqueue(this.#placer.takeCopies(), acceptedBefore, options);
  }

  /**
   * Queues frames up for room.
   * @param frames copies, each of one tag
   * @param acceptedBefore entries of the same write that are in rings
   * @returns `undefined` when there is room for all of them at once
   */
  enqueue(
    frames: readonly DetachedFrame[],
    acceptedBefore: number,
    options: WaitOptions,
  ): Promise<void> | undefined {
    const written = this.backlog.push(frames, acceptedBefore, options, (refused) => {
      for (const frame of refused) this.#rings.free(frame);
      this.progress();
    });
    this.progress();
    if (this.backlog.isEmpty) return undefined;
    this.#backpressure.requestDrain(0);
    return written;
  }

  /**
   * Resolves once everything written before is confirmed.
   * @param forces the indexers are asked for it
   */
  barrier(forces: boolean, options: WaitOptions): Promise<void> {
    return this.#addBarrier(this.#barriers, forces, options);
  }

  /**
   * As `barrier`, but it does not wait for entries whose tag every connected indexer refuses: it rejects
   * once everything else is confirmed, also while there are indexers that are not connected. The error has all
   * tags of such entries.
   * @param forces asks the indexers to confirm at once
   */
  receipt(forces: boolean): Promise<void> {
    return this.#addBarrier(this.#receipts, forces, {});
  }

  #addBarrier(barriers: Barriers, forces: boolean, options: WaitOptions): Promise<void> {
    const placeAfterBacklog = (place: () => void) =>
      this.backlog.afterAll(() => {
        if (forces) this.#placer.commit();
        place();
      });
    const { producers } = this.#options;
    const passed = barriers.add(forces, options, (place) => {
      if (producers === undefined) return placeAfterBacklog(place);
      let callOff = () => {};
      const cancel = producers.afterCommitted(() => {
        callOff = placeAfterBacklog(place);
      });
      return () => {
        cancel();
        callOff();
      };
    });
    if (forces) this.progress();
    else this.#progress.schedule();
    return passed;
  }

  /** A lane is hot or lost, or one has answered for a tag. */
  lanesChanged(): void {
    this.#rings.lanesChanged();
    this.#cache?.lanesChanged();
    // Its indexer knows nothing of what others were asked to confirm.
    this.#barriers.flush();
    this.#receipts.flush();
    this.progress();
  }

  /** Something moved: there may be room, or entries are confirmed. See the head of this file. */
  progress(): void {
    let again = true;
    while (again) {
      this.#rings.evacuations.proceed();
      this.#queueDisplaced();
      this.#cache?.proceed();
      const isCut = this.#placeWaiting();
      this.#placer.commit();
      again = !isCut && this.#backpressure.arm(this.#oldestWaiting);
      if (this.#settleBarriers() && !isCut) again = true;
    }
    if (this.backlog.isEmpty && this.#backpressure.endDrainRequest(this.#isTakenByCache)) {
      this.#options.drained();
    }
    const { producers } = this.#options;
    const isAnyWaiting = !this.backlog.isEmpty || producers?.blocked !== undefined;
    this.#cache?.setWaiting(this.#backpressure.isDrainPending || isAnyWaiting);
  }

  /** Gives up what waits: those who wrote it get an error. Lanes get their rings back. */
  abandon(error: Error): void {
    this.#rings.stop(error);
    this.backlog.abandonAll(error);
    this.#rejectBarriers(error);
  }

  /** As `abandon`, but a cache that works keeps what waits: it is accepted then. */
  close(error: Error): void {
    const cache = this.#cache;
    if (!cache?.isWorking) {
      this.abandon(error);
      return;
    }
    this.#rings.stop(error);
    const keep = (frame: DetachedFrame) => {
      cache.keep(frame);
      this.#rings.free(frame);
      return true;
    };
    this.backlog.placeWaiting(keep);
    this.#options.producers?.takeAll(keep);
    this.#rejectBarriers(error);
  }

  #rejectBarriers(error: Error): void {
    this.#barriers.rejectAll(error);
    this.#receipts.rejectAll(error);
  }

  get #isTakenByCache(): boolean {
    return this.#cache?.isAccepting ?? false;
  }

  /** The frame that is due first of those that wait. */
  get #oldestWaiting(): DetachedFrame | undefined {
    const { evacuations } = this.#rings;
    const { producers } = this.#options;
    return evacuations.blocked ?? this.#cache?.blocked ?? this.backlog.head ?? producers?.blocked;
  }

  #queueDisplaced(): void {
    for (const displaced of this.#rings.evacuations.takeDisplaced()) {
      const { frames, placed, abandoned } = displaced;
      this.backlog.putFirst(frames, placed, abandoned);
    }
  }

  /**
   * Refused frames hold up all barriers but those of inlets, which reject then. If no indexer will ever take one
   * of the frames, all reject. Returns whether more barriers are passed by now: call it again.
   */
  #settleBarriers(): boolean {
    const again = this.#rings.settle();
    const { refused } = this.#rings;
    const [oldest] = refused.frames;
    const refusal = oldest && (() => this.#options.refusal(oldest.tag, refused.tags));
    const more = this.#receipts.settle(refusal) || again;
    if (oldest !== undefined && refused.hopelessTag === undefined) return more;
    return this.#barriers.settle(refusal) || more;
  }

  /**
   * Places what waits for room: the backlog, and frames of producers. The backlog is first; where it takes all
   * of the room that comes, the producers get a share before its next turn.
   * Returns whether its slice is over before all is placed: it goes on in the next turn.
   */
  #placeWaiting(): boolean {
    const slice = new Slice();
    let isCut = this.#areProducersOwed && this.#placeOfProducers(slice, this.#rings.replayShare);
    this.#areProducersOwed = false;
    isCut = this.#placeBacklog(slice) || isCut;
    if (this.backlog.isEmpty) {
      // Who waits for `drain` must find some of the room that comes.
      const most = this.#backpressure.isDrainPending
        ? this.#rings.replayShare
        : Number.POSITIVE_INFINITY;
      isCut = (!isCut && this.#placeOfProducers(slice, most)) || isCut;
    } else {
      this.#areProducersOwed = this.#options.producers?.isAnyAwake ?? false;
    }
    if (isCut) this.#progress.schedule();
    return isCut;
  }

  #placeBacklog(slice: Slice): boolean {
    if (this.backlog.isEmpty) return false;
    return this.backlog.placeWaiting((waiting) => this.#placeSomewhere(waiting), slice);
  }

  #placeOfProducers(slice: Slice, most: number): boolean {
    const { producers } = this.#options;
    if (!producers?.isAnyAwake) return false;
    return producers.proceed((frame) => this.#placeNew(frame), slice, most) === 'cut';
  }

  /** As `write`, for frames that were encoded elsewhere. */
  #placeNew(frame: DetachedFrame): boolean {
    const cache = this.#cache;
    if (!cache?.prefersDisk || !cache.spillFrame(frame)) return this.#placeSomewhere(frame);
    this.#rings.free(frame);
    return true;
  }

  #placeSomewhere(waiting: DetachedFrame): boolean {
    const rings = this.#rings;
    if (this.#placer.place(waiting) !== undefined) {
      this.#placer.releaseCopy(waiting);
      return true;
    }
    // It would stop all that waits behind it.
    if (rings.refused.isRefused(waiting.tag)) {
      if (!waiting.isCached) this.#cache?.journal?.copy([waiting.frame], waiting.entries);
      rings.refused.add({ ...rings.keep(waiting), isCached: true });
      return true;
    }
    // What was in a ring is counted there.
    if (waiting.wasInRing || !this.#cache?.spillFrame(waiting)) return false;
    rings.free(waiting);
    return true;
  }
}
