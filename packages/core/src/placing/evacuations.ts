import type { DetachedFrame, Lane } from '@ringest/workers';
import { OncePerTurn } from '../once-per-turn.js';
import { Slice } from '../slice.js';

/** Where evacuated frames go. */
export interface EvacuationTarget {
  /** Writes a frame to a hot lane, and says to which; `undefined`: none has room. */
  place(frame: DetachedFrame): Lane | undefined;
  /** Queues frames before everything that waits for room; `placed` is called once all found it. */
  putFirst(
    frames: readonly DetachedFrame[],
    placed: () => void,
    abandoned: (frames: readonly DetachedFrame[]) => void,
  ): void;
  /** Frames are taken out of a lane's ring, or from the shelf. */
  moveBegins(move: object, lane: Lane | undefined): void;
  /** They are in the rings of these lanes, as far as they are not where they were. */
  moveEnds(move: object, receivers: ReadonlySet<Lane>): void;
  /** Goes on with everything that can go on, `proceed` among it. */
  progress(): void;
}

/** One lane whose ring belongs to the main thread now. */
interface Evacuation {
  readonly lane: Lane;
  readonly receivers: Set<Lane>;
  /** Frames taken out while no lane was hot. */
  readonly sorted: DetachedFrame[];
}

/**
 * Moves the unconfirmed frames of lanes that are not hot to those that are, oldest first, in slices
 * that leave the event loop free. It ends early when the lane's own worker has a connection again.
 *
 * Frames whose tag every indexer has refused stay on the shelf until one takes it: in a ring they
 * would stop all that comes behind. To get them out of the ring of a lane that is alone, all of its
 * frames are taken out, and queued for room but for these.
 */
export class Evacuations {
  readonly #lanes: readonly Lane[];
  readonly #refuge: EvacuationTarget;
  readonly #active = new Map<Lane, Evacuation>();
  #shelf: DetachedFrame[] = [];
  readonly #nextSlice = new OncePerTurn(() => this.#refuge.progress());
  #isStopped = false;
  #blocked: DetachedFrame | undefined;

  constructor(lanes: readonly Lane[], refuge: EvacuationTarget) {
    this.#lanes = lanes;
    this.#refuge = refuge;
  }

  /** The frame that finds no room, if one waits. */
  get blocked(): DetachedFrame | undefined {
    return this.#blocked;
  }

  /** Frames whose tag is refused everywhere. */
  get refusedFrames(): readonly DetachedFrame[] {
    return this.#shelf;
  }

  /** Takes them out. */
  takeRefusedFrames(): readonly DetachedFrame[] {
    const shelf = this.#shelf;
    this.#shelf = [];
    return shelf;
  }

  /** The tag of the oldest of them, if no target takes it, connected or not. */
  get hopelessTag(): number | undefined {
    const tag = this.#shelf[0]?.tag;
    if (tag === undefined) return undefined;
    const isHopeless = this.#lanes.every(
      (lane) => lane.refuses(tag) || lane.fatalError !== undefined,
    );
    return isHopeless ? tag : undefined;
  }

  /** Whether all lanes that could send an entry with the tag now refuse it. */
  isRefused(tag: number): boolean {
    if (!this.#lanes.some((lane) => lane.refusesAny)) return false;
    return this.#senders().every((lane) => lane.refuses(tag));
  }

  /** Keeps a frame for an indexer that takes its tag. */
  keepRefused(frame: DetachedFrame): void {
    this.#shelf.push(frame);
  }

  /** A lane was lost or is hot, or a tag was answered: begins what is due now. */
  look(): void {
    if (this.#isStopped) return;
    this.#unshelve();
    const isAnyHot = this.#isAnyHot();
    for (const lane of this.#lanes) {
      if (lane.isHot || this.#active.has(lane) || lane.unconfirmedBytes() === 0) continue;
      if (!(isAnyHot || lane.refusesAny) || !lane.beginEvacuation()) continue;
      const evacuation = { lane, receivers: new Set<Lane>(), sorted: [] };
      this.#active.set(lane, evacuation);
      this.#refuge.moveBegins(evacuation, lane);
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
  #move(head: DetachedFrame, { lane, receivers, sorted }: Evacuation): boolean {
    if (this.isRefused(head.tag)) {
      this.#shelf.push(lane.copyOf(head));
      return true;
    }
    if (!this.#isAnyHot()) {
      // Alone, and not hot: only what stops it is reason to take its frames out.
      if (lane.refusesAny) sorted.push(lane.copyOf(head));
      return lane.refusesAny;
    }
    const receiver = this.#refuge.place(head);
    if (receiver === undefined) this.#blocked = head;
    else receivers.add(receiver);
    return receiver !== undefined;
  }

  #end(evacuation: Evacuation): void {
    const { lane, receivers, sorted } = evacuation;
    this.#active.delete(lane);
    lane.endEvacuation();
    if (sorted.length === 0) this.#refuge.moveEnds(evacuation, receivers);
    else this.#queue(sorted, evacuation);
  }

  #unshelve(): void {
    const taken = this.#shelf.filter(({ tag }) => !this.isRefused(tag));
    if (taken.length === 0) return;
    this.#shelf = this.#shelf.filter(({ tag }) => this.isRefused(tag));
    this.#refuge.moveBegins(taken, undefined);
    this.#queue(taken, taken);
  }

  /** Queues frames up for room; that is the end of the move. */
  #queue(frames: readonly DetachedFrame[], move: object): void {
    if (this.#isStopped) {
      this.#shelf = this.#shelf.concat(frames);
      return;
    }
    const placed = () => this.#refuge.moveEnds(move, new Set(this.#lanes));
    const abandoned = (left: readonly DetachedFrame[]) => {
      this.#shelf = this.#shelf.concat(left);
    };
    this.#refuge.putFirst(frames, placed, abandoned);
  }

  #isAnyHot(): boolean {
    for (const lane of this.#lanes) if (lane.isHot) return true;
    return false;
  }

  /** Lanes that can send now; while none can, all that ever may. */
  #senders(): readonly Lane[] {
    const hot = this.#lanes.filter((lane) => lane.isHot);
    return hot.length > 0 ? hot : this.#lanes;
  }
}
