import type { DetachedFrame, SharedMemoryPool } from '@ringest/workers';
import type { OncePerTurn } from '../once-per-turn.js';
import type { WaitOptions } from '../wait.js';
import { Barriers } from './barriers.js';
import { Evacuations } from './evacuations.js';
import { Moves } from './moves.js';
import type { Outlet } from './outlet.js';
import { Placer, type PlacerOptions } from './placer.js';
import { RefusedFrames } from './refused-frames.js';
import { RemovedLanes } from './removed-lanes.js';

/** The part of a ring that replay may fill in one turn. */
const REPLAY_SHARE = 1 / 8;
/** With this many refused frames in memory, replay adds no further ones. */
const MAX_REFUSED = 16_384;

/** The rings of all lanes: what enters them, what moves between them, and when they are confirmed. */
export class Rings {
  readonly lanes: readonly Outlet[];
  readonly placer: Placer;
  readonly refused: RefusedFrames;
  readonly moves: Moves;
  readonly evacuations: Evacuations;
  /** The most bytes of frames that replay may place in one turn. */
  readonly replayShare: number;
  readonly #sharedMemory: SharedMemoryPool;
  readonly #progress: OncePerTurn;
  /** The barriers of `confirmed`. They do not wait for entries outside the rings. */
  readonly #barriers: Barriers;
  /** For the rings of lanes that are to be removed. */
  readonly #drains = new Set<Barriers>();
  /** The lanes that are removed. */
  readonly removed = new RemovedLanes();

  /**
   * @param lanes at least one; it may grow and shrink. All have rings of the same size and this shared memory
   * @param progress runs `Dispatcher.progress`
   */
  constructor(
    lanes: readonly Outlet[],
    options: PlacerOptions,
    sharedMemory: SharedMemoryPool,
    progress: OncePerTurn,
  ) {
    this.lanes = lanes;
    this.#sharedMemory = sharedMemory;
    this.#progress = progress;
    this.placer = new Placer(lanes, options, sharedMemory);
    this.refused = new RefusedFrames(lanes);
    this.moves = new Moves(lanes);
    this.evacuations = new Evacuations(lanes, this.placer, this.refused, this.moves, progress);
    this.#barriers = new Barriers(lanes);
    this.moves.addFollower(this.#barriers);
    this.replayShare = Math.floor((lanes[0] as Outlet).ringBytes * REPLAY_SHARE);
  }

  /** Whether any lane is hot. */
  get isAnyHot(): boolean {
    return this.placer.balancer.isAnyHot;
  }

  /** Whether any lane refuses any tag. */
  get isAnyRefused(): boolean {
    return this.lanes.some((lane) => lane.refusesAny);
  }

  /** Whether a lane refuses a tag: then frames of other tags must not go together with its frames. */
  isRefusedBySome(tag: number): boolean {
    for (const lane of this.lanes) if (lane.refuses(tag)) return true;
    return false;
  }

  /** A lane is hot or lost, or one has answered for a tag. */
  lanesChanged(): void {
    this.placer.lanesChanged();
    this.evacuations.look();
  }

  /**
   * Places a frame of the cache in a ring that is half free: the rest of the room is for new entries. If
   * every indexer refuses its tag, the frame joins the refused frames.
   * @returns false when the frame has to wait for room
   */
  placeSparingly(frame: DetachedFrame): boolean {
    const { tag } = frame;
    const { length } = frame.frame;
    if (this.refused.isRefused(tag)) {
      if (this.refused.entries >= MAX_REFUSED) return false;
      this.refused.add(this.keep(frame));
      return true;
    }
    const isSpare = (lane: Outlet) => lane.isHalfFree && lane.hasRoom(length) && !lane.refuses(tag);
    return this.placer.balancer.isAnyEligible(isSpare) && this.placer.place(frame) !== undefined;
  }

  /** Returns a copy of a large frame, in memory that a lane can take over; any other frame as it is. */
  detach(frame: Buffer): Buffer {
    if (!this.placer.isLarge(frame.length)) return frame;
    const own = this.#sharedMemory.allocate(frame.length);
    return own.fill(frame);
  }

  /** Returns a copy of frames that lie in memory of others; a large one as it is. */
  keep(frame: DetachedFrame): DetachedFrame {
    if (this.placer.isLarge(frame.frame.length)) return frame;
    return { ...frame, frame: Buffer.from(frame.frame) };
  }

  /** Frees the memory of a large frame that is stored elsewhere. */
  free(waiting: DetachedFrame): void {
    if (this.placer.isLarge(waiting.frame.length)) this.#sharedMemory.free(waiting.frame);
    else this.placer.releaseCopy(waiting);
  }

  /**
   * Resolves when everything that is in rings now is confirmed. It does not wait for entries that wait for
   * room: these may need the room that the caller makes after this.
   */
  confirmed(): Promise<void> {
    const passed = this.#barriers.add(false, {}, (place) => {
      place();
      return () => {};
    });
    this.#progress.schedule();
    return passed;
  }

  /** Resolves the promises that are due. Returns whether more are due by now: call it again. */
  settle(): boolean {
    let again = this.#barriers.settle(undefined);
    for (const drain of this.#drains) if (drain.settle(undefined)) again = true;
    return again;
  }

  /** What entered the rings, those of removed lanes among them: entries, and bytes of their frames. */
  written(): { readonly entries: number; readonly bytes: number } {
    const { entries, bytes } = this.placer.written();
    const { writtenEntries, writtenBytes } = this.removed;
    return { entries: entries + writtenEntries, bytes: bytes + writtenBytes };
  }

  /** New batches go to these lanes only. */
  pickFrom(lanes: readonly Outlet[]): void {
    const target = lanes[0]?.endpoint;
    const sameTarget = lanes.every(({ endpoint }) => endpoint === target);
    // The batch at hand may be for another lane.
    this.placer.commit();
    this.placer.balancer.setLanes(lanes, { sameTarget });
    this.lanesChanged();
    this.#progress.schedule();
  }

  /**
   * Asks the indexers of lanes to confirm. Resolves once nothing is in their rings of what is there now:
   * it is confirmed, or in other rings.
   * @throws {WaitTimeoutError} that was not so in time
   * @throws the signal's reason, if the signal is aborted
   */
  async drained(lanes: readonly Outlet[], options: WaitOptions): Promise<void> {
    const drain = new Barriers(lanes);
    this.#drains.add(drain);
    this.moves.addFollower(drain);
    this.#progress.schedule();
    try {
      await drain.add(true, options, (place) => {
        place();
        return () => {};
      });
    } finally {
      this.moves.removeFollower(drain);
      this.#drains.delete(drain);
    }
  }

  /** A lane that is closed, and whose ring is empty, is about to be removed from the list. */
  remove(lane: Outlet): void {
    this.moves.laneRemoved(lane);
    this.removed.add(lane);
  }

  /** Gives workers their rings back, and ends moves. The promises of `confirmed` reject with the error. */
  stop(error: Error): void {
    this.evacuations.stop();
    this.#barriers.rejectAll(error);
    for (const drain of this.#drains) drain.rejectAll(error);
  }

  /** Takes out the refused frames, and then all frames of rings that no worker has, oldest first. */
  *takeUnconfirmed(): Generator<DetachedFrame, void> {
    // Refused frames were written before the frames that are in rings now.
    yield* this.refused.takeAll();
    for (const lane of this.lanes) {
      if (!lane.beginEvacuation()) continue;
      for (let head = lane.head(); head !== undefined; head = lane.head()) {
        yield head;
        lane.dropHead();
      }
      lane.endEvacuation();
    }
  }
}
