import type { DetachedFrame } from '@ringest/workers';
import { OncePerTurn } from '../once-per-turn.js';
import { Slice } from '../slice.js';
import type { Moves } from './moves.js';
import type { Outlet } from './outlet.js';
import type { Placer } from './placer.js';
import type { RefusedFrames } from './refused-frames.js';

/** Frames that were taken out of a ring. They are older than all frames that wait for room. */
export interface DisplacedFrames {
  readonly frames: readonly DetachedFrame[];
  /** Call this when all of them are in rings. */
  placed(): void;
  /** Call this with the frames that are not placed, when placing ends early. */
  abandoned(left: readonly DetachedFrame[]): void;
}

/** A lane whose ring the main thread has taken. */
interface Evacuation {
  readonly lane: Outlet;
  readonly receivers: Set<Outlet>;
  /** Frames taken out while no lane was hot. */
  readonly displaced: DetachedFrame[];
}

/**
 * Moves the unconfirmed frames of lanes that are not hot to hot lanes, oldest first, in slices between which
 * the event loop runs. An evacuation ends early when the lane's own worker has a connection again.
 *
 * If no lane is hot, only refused frames are a reason to evacuate a ring. All of its frames are taken out
 * then: refused ones join `RefusedFrames`, and the others are displaced and wait for room. When an indexer
 * accepts a refused tag again, the frames with that tag are displaced too.
 */
export class Evacuations {
  readonly #lanes: readonly Outlet[];
  readonly #placer: Placer;
  readonly #refused: RefusedFrames;
  readonly #moves: Moves;
  readonly #active = new Map<Outlet, Evacuation>();
  readonly #nextSlice: OncePerTurn;
  #displaced: DisplacedFrames[] = [];
  #isStopped = false;
  #blocked: DetachedFrame | undefined;

  /** @param progress runs `Dispatcher.progress`, which calls `proceed` */
  constructor(
    lanes: readonly Outlet[],
    placer: Placer,
    refused: RefusedFrames,
    moves: Moves,
    progress: OncePerTurn,
  ) {
    this.#lanes = lanes;
    this.#placer = placer;
    this.#refused = refused;
    this.#moves = moves;
    this.#nextSlice = new OncePerTurn(() => progress.now());
  }

  /** The frame that waits for room; `undefined`: none does. */
  get blocked(): DetachedFrame | undefined {
    return this.#blocked;
  }

  /**
   * Begins the evacuations that are due, after a lane became hot or was lost, or an indexer answered for a
   * tag.
   */
  look(): void {
    if (this.#isStopped) return;
    this.#takeWanted();
    const { isAnyHot } = this.#placer.balancer;
    for (const lane of this.#lanes) {
      if (lane.isHot || this.#active.has(lane) || lane.unconfirmedBytes() === 0) continue;
      if (!(isAnyHot || lane.refusesAny) || !lane.beginEvacuation()) continue;
      const evacuation = { lane, receivers: new Set<Outlet>(), displaced: [] };
      this.#active.set(lane, evacuation);
      this.#moves.begin(evacuation, lane);
    }
  }

  /** Moves what finds room now, and gives rings back to workers that want them. */
  proceed(): void {
    if (this.#active.size === 0) return;
    for (const evacuation of this.#active.values()) {
      if (evacuation.lane.isReclaimed) this.#end(evacuation);
    }
    if (this.#nextSlice.isDue) return;
    this.#blocked = undefined;
    const slice = new Slice();
    for (const evacuation of this.#active.values()) {
      if (this.#moveSome(evacuation, slice)) this.#end(evacuation);
      if (this.#blocked !== undefined || this.#nextSlice.isDue) return;
    }
  }

  /** Takes out the displaced frames. Each group is older than the groups before it. */
  takeDisplaced(): readonly DisplacedFrames[] {
    const displaced = this.#displaced;
    if (displaced.length > 0) this.#displaced = [];
    return displaced;
  }

  /** Gives all rings back, and ends evacuations for good. */
  stop(): void {
    this.#isStopped = true;
    for (const evacuation of this.#active.values()) this.#end(evacuation);
    this.#blocked = undefined;
  }

  /** Returns whether nothing is left to do for the lane. */
  #moveSome(evacuation: Evacuation, slice: Slice): boolean {
    const { lane } = evacuation;
    while (!lane.isReclaimed) {
      const head = lane.head();
      if (head === undefined || !this.#move(head, evacuation)) return this.#blocked === undefined;
      lane.dropHead();
      if (!slice.isOverAfterFrame()) continue;
      this.#nextSlice.schedule();
      return false;
    }
    return true;
  }

  /** Moves a frame. Returns whether it may be removed from the ring. */
  #move(head: DetachedFrame, { lane, receivers, displaced }: Evacuation): boolean {
    if (this.#refused.isRefused(head.tag)) {
      this.#refused.add(lane.copyOf(head));
      return true;
    }
    if (!this.#placer.balancer.isAnyHot) {
      // No lane can receive frames: they are taken out only to get at refused ones.
      if (lane.refusesAny) displaced.push(lane.copyOf(head));
      return lane.refusesAny;
    }
    const receiver = this.#placer.place(head);
    if (receiver === undefined) this.#blocked = head;
    else receivers.add(receiver);
    return receiver !== undefined;
  }

  #end(evacuation: Evacuation): void {
    const { lane, receivers, displaced } = evacuation;
    this.#active.delete(lane);
    lane.endEvacuation();
    if (displaced.length === 0) this.#endMove(evacuation, receivers);
    else this.#displace(displaced, evacuation);
  }

  /** Displaces refused frames whose tag a lane accepts again. */
  #takeWanted(): void {
    const frames = this.#refused.takeWanted();
    if (frames.length === 0) return;
    this.#moves.begin(frames, undefined);
    this.#displace(frames, frames);
  }

  /** Lets frames wait for room. Their move ends when all of them are in rings. */
  #displace(frames: readonly DetachedFrame[], move: object): void {
    const abandoned = (left: readonly DetachedFrame[]) => this.#refused.addAll(left);
    if (this.#isStopped) abandoned(frames);
    else this.#displaced.push({ frames, placed: () => this.#endMove(move), abandoned });
  }

  #endMove(move: object, receivers?: ReadonlySet<Outlet>): void {
    this.#placer.commit();
    this.#moves.end(move, receivers);
  }
}
