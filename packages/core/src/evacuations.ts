import type { Lane, LooseFrame } from '@ringest/workers';

/** Milliseconds for which frames are moved before the event loop gets its turn. */
const SLICE_MS = 2;
/** Frames between two looks at the clock. */
const LOOK_FRAMES = 64;

/** Where evacuated frames go. */
export interface Refuge {
  /** Writes a frame to a hot lane. Returns false when none has room. */
  place(frame: LooseFrame): boolean;
  /** Queues frames before everything that waits for room; `placed` is called once all found it. */
  putFirst(
    frames: readonly LooseFrame[],
    placed: () => void,
    abandoned: (frames: readonly LooseFrame[]) => void,
  ): void;
  /** No frame is on the move any more. */
  settled(): void;
  /** Goes on with everything that can go on, `proceed` among it. */
  progress(): void;
}

/**
 * Moves the unconfirmed frames of lanes that are not hot to those that are, oldest first, in slices
 * that leave the event loop free. It ends early when the lane's own worker has a connection again.
 *
 * Frames whose tag every indexer has refused stay on the shelf until one takes it: in a ring they
 * would stop all that comes behind.
 */
export class Evacuations {
  readonly #lanes: readonly Lane[];
  readonly #refuge: Refuge;
  /** Lanes whose rings belong to the main thread now. */
  readonly #active = new Set<Lane>();
  #shelf: LooseFrame[] = [];
  /** Groups of frames that wait in the backlog. */
  #queued = 0;
  #sliceIsDue = false;
  #blocked: LooseFrame | undefined;

  constructor(lanes: readonly Lane[], refuge: Refuge) {
    this.#lanes = lanes;
    this.#refuge = refuge;
  }

  /** Whether frames are on the move: no position in a ring stands for what was written before it. */
  get isActive(): boolean {
    return this.#active.size > 0 || this.#shelf.length > 0 || this.#queued > 0;
  }

  /** The frame that finds no room, if one waits. */
  get blocked(): LooseFrame | undefined {
    return this.#blocked;
  }

  /** Entries whose tag is refused everywhere. */
  get shelvedEntries(): number {
    return this.#shelf.length;
  }

  /** Whether all lanes that could send an entry with the tag now refuse it. */
  isRefused(tag: number): boolean {
    if (!this.#lanes.some((lane) => lane.refusesAny)) return false;
    return this.#senders().every((lane) => lane.refuses(tag));
  }

  /** Keeps a frame for an indexer that takes its tag. */
  shelve(frame: LooseFrame): void {
    this.#shelf.push(frame);
  }

  /** A lane was lost or is hot, or a tag was answered: begins what is due now. */
  look(): void {
    this.#unshelve();
    const isAnyHot = this.#lanes.some((lane) => lane.isHot);
    for (const lane of this.#lanes) {
      if (lane.isHot || this.#active.has(lane) || lane.unconfirmedBytes() === 0) continue;
      if ((isAnyHot || lane.refusesAny) && lane.beginDrain()) this.#active.add(lane);
    }
  }

  /** There may be room. */
  proceed(): void {
    if (this.#active.size === 0 || this.#sliceIsDue) return;
    this.#blocked = undefined;
    const end = performance.now() + SLICE_MS;
    for (const lane of this.#active) {
      const isDone = this.#lanes.some((other) => other.isHot)
        ? this.#moveSome(lane, end)
        : this.#emptyIfRefusing(lane);
      if (isDone) this.#end(lane);
      if (this.#blocked !== undefined || this.#sliceIsDue) return;
    }
  }

  /** Gives all rings back. */
  stop(): void {
    for (const lane of this.#active) lane.endDrain();
    this.#active.clear();
    this.#blocked = undefined;
  }

  /** Returns whether nothing is left to do for the lane. */
  #moveSome(lane: Lane, end: number): boolean {
    for (let moved = 1; !lane.isWanted; moved++) {
      const head = lane.head();
      if (head === undefined) return true;
      if (this.isRefused(head.tag)) {
        this.#shelf.push(lane.copyOf(head));
      } else if (!this.#refuge.place(head)) {
        this.#blocked = head;
        return false;
      }
      lane.passHead();
      if (moved % LOOK_FRAMES !== 0 || performance.now() < end) continue;
      this.#sliceIsDue = true;
      setImmediate(() => {
        this.#sliceIsDue = false;
        this.#refuge.progress();
      });
      return false;
    }
    return true;
  }

  /**
   * No other lane is there, and this one's indexer has refused a tag that stops it: its frames are
   * sorted outside the ring.
   */
  #emptyIfRefusing(lane: Lane): boolean {
    if (!lane.refusesAny) return true;
    const others: LooseFrame[] = [];
    for (let head = lane.head(); head !== undefined; head = lane.head()) {
      const frame = lane.copyOf(head);
      if (this.isRefused(frame.tag)) this.#shelf.push(frame);
      else others.push(frame);
      lane.passHead();
    }
    this.#queue(others);
    return true;
  }

  #unshelve(): void {
    const taken = this.#shelf.filter(({ tag }) => !this.isRefused(tag));
    if (taken.length === 0) return;
    this.#shelf = this.#shelf.filter(({ tag }) => this.isRefused(tag));
    this.#queue(taken);
  }

  #queue(frames: readonly LooseFrame[]): void {
    if (frames.length === 0) return;
    this.#queued++;
    const placed = () => {
      this.#queued--;
      this.#settleIfDone();
    };
    const abandoned = (left: readonly LooseFrame[]) => {
      this.#queued--;
      this.#shelf = this.#shelf.concat(left);
    };
    this.#refuge.putFirst(frames, placed, abandoned);
  }

  #end(lane: Lane): void {
    this.#active.delete(lane);
    lane.endDrain();
    this.#settleIfDone();
  }

  #settleIfDone(): void {
    if (!this.isActive) this.#refuge.settled();
  }

  /** Lanes that can send now; while none can, all that ever may. */
  #senders(): readonly Lane[] {
    const hot = this.#lanes.filter((lane) => lane.isHot);
    return hot.length > 0 ? hot : this.#lanes;
  }
}
