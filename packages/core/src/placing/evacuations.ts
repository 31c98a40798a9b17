import type { DetachedFrame, Lane } from '@ringest/workers';
import { OncePerTurn } from '../once-per-turn.js';
import { Slice } from '../slice.js';
import type { Moves } from './moves.js';
import type { Placer } from './placer.js';
import type { RefusedFrames } from './refused-frames.js';

/** Frames that are in no ring any more, and are older than all that waits for room. */
export interface DisplacedFrames {
  readonly frames: readonly DetachedFrame[];
  /** To be called once all of them are in rings. */
  placed(): void;
  /** To be called with those that are given up before. */
  abandoned(left: readonly DetachedFrame[]): void;
}

/** One lane whose ring belongs to the main thread now. */
interface Evacuation {
  readonly lane: Lane;
  readonly receivers: Set<Lane>;
  /** Frames taken out while no lane was hot. */
  readonly displaced: DetachedFrame[];
}

/**
 * Moves the unconfirmed frames of lanes that are not hot to those that are, oldest first, in slices
 * that leave the event loop free. It ends early when the lane's own worker has a connection again.
 *
 * To get refused frames out of the ring of a lane that is alone, all of its frames are taken out. The
 * others are displaced then; so are refused frames whose tag a lane takes again.
 */
export class Evacuations {
  readonly #lanes: readonly Lane[];
  readonly #placer: Placer;
  readonly #refused: RefusedFrames;
  readonly #moves: Moves;
  readonly #active = new Map<Lane, Evacuation>();
  readonly #nextSlice: OncePerTurn;
  #displaced: DisplacedFrames[] = [];
  #isStopped = false;
  #blocked: DetachedFrame | undefined;

  /** @param progress goes on with everything that can go on, `proceed` among it */
  constructor(
    lanes: readonly Lane[],
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

  /** The frame that finds no room, if one waits. */
  get blocked(): DetachedFrame | undefined {
    return this.#blocked;
  }

  /** A lane was lost or is hot, or a tag was answered: begins what is due now. */
  look(): void {
    if (this.#isStopped) return;
    this.#takeWanted();
    const { isAnyHot } = this.#placer.balancer;
    for (const lane of this.#lanes) {
      if (lane.isHot || this.#active.has(lane) || lane.unconfirmedBytes() === 0) continue;
      if (!(isAnyHot || lane.refusesAny) || !lane.beginEvacuation()) continue;
      const evacuation = { lane, receivers: new Set<Lane>(), displaced: [] };
      this.#active.set(lane, evacuation);
      this.#moves.begin(evacuation, lane);
    }
  }

  /** There may be room, or a worker may want its ring. */
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

  /** Gives all rings back, for good. */
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

  /** Returns false when the frame has to stay. */
  #move(head: DetachedFrame, { lane, receivers, displaced }: Evacuation): boolean {
    if (this.#refused.isRefused(head.tag)) {
      this.#refused.add(lane.copyOf(head));
      return true;
    }
    if (!this.#placer.balancer.isAnyHot) {
      // Alone, and not hot: only what stops it is reason to take its frames out.
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

  /** Refused frames that a lane takes again go back to the rings. */
  #takeWanted(): void {
    const frames = this.#refused.takeWanted();
    if (frames.length === 0) return;
    this.#moves.begin(frames, undefined);
    this.#displace(frames, frames);
  }

  /** Frames wait for room from now on; the move ends when all of them have found it. */
  #displace(frames: readonly DetachedFrame[], move: object): void {
    const abandoned = (left: readonly DetachedFrame[]) => this.#refused.addAll(left);
    if (this.#isStopped) abandoned(frames);
    else this.#displaced.push({ frames, placed: () => this.#endMove(move), abandoned });
  }

  #endMove(move: object, receivers?: ReadonlySet<Lane>): void {
    this.#placer.commit();
    this.#moves.end(move, receivers);
  }
}
