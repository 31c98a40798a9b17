import { type Clock, realClock } from '@ringest/workers';
import type { Candidate, Policy } from './candidate.js';
import { ExpectedTime } from './expected-time.js';
import { Slot } from './slot.js';

/** Up to so many lanes are all compared; of more, two are drawn at random. */
const MAX_COMPARED = 8;
/** Draws that may miss before lanes are looked at one after the other. */
const MAX_DRAWS = 8;
/** Bytes of a batch for a lane that is probed, and of all that it may have unconfirmed. */
const PROBE_BATCH_BYTES = 4096;
const MAX_PROBE_BYTES = 65536;
/** Milliseconds in which a batch that a lane got loses half of its weight in the lane's share. */
const SHARE_HALF_LIFE_MS = 2000;
/** Half-lives after which shares are scaled down: the weight of a batch is 2 to their number. */
const MAX_HALF_LIVES = 512;

/** Which lanes a batch may go to, strictest first: the next counts when nobody is left of the one before. */
const READY = 0;
const HOT = 1;
const ANY = 2;
type Openness = typeof READY | typeof HOT | typeof ANY;

export interface BalancerOptions {
  /** All lanes lead to one indexer: while none is hot, any of them may be picked. Default: `false`. */
  readonly sameTarget?: boolean;
  /** Default: the machine's. */
  readonly clock?: Pick<Clock, 'now'>;
  /** From 0 up to, but not including, 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/**
 * Picks the lane of each batch. By expected time, that is the lane with the least
 * `(unconfirmed bytes + batch) / rate + ack latency`, plus what is left of a throttle.
 *
 * - Only hot lanes are picked. While none is, entries may wait in the rings of a single target; of
 *   several, nobody knows which one will be there first.
 * - The cost does not grow with the number of lanes: of many, two are drawn and the better one is
 *   taken, which keeps them nearly as even as comparing all would.
 * - Of lanes whose times are nearly alike, the one that got least lately comes first, so that equal
 *   indexers get equal shares in spite of noise, also when there is little to do.
 * - Averages move only while a lane is used: for one that has nothing to do the expected time
 *   fades, so that it gets a batch now and then to show what it can.
 * - A rise of latency counts bit by bit, a fall at once: one late confirmation is no slow indexer.
 * - A lane whose rate is not known is taken for as fast as the others: what it confirms will tell.
 * - A lane that has confirmed nothing on its connection is probed: small batches, and only a few
 *   unconfirmed, as long as any other may be picked.
 */
export class Balancer<Lane extends Candidate> {
  readonly #slots: readonly Slot<Lane>[];
  readonly #policy: Policy;
  readonly #batchBytes: number;
  readonly #time: ExpectedTime;
  readonly #sameTarget: boolean;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #random: () => number;
  readonly #nobody: ReadonlySet<Lane> = new Set();
  /** Where the lanes that are compared stand; its first ones count. */
  readonly #compared: Slot<Lane>[];
  /** The time at which a batch weighs 1. */
  #origin: number;
  /** Where the next turn of round-robin begins. */
  #next = 0;

  /** @param batchBytes bytes after which a batch is committed */
  constructor(
    lanes: readonly Lane[],
    policy: Policy,
    batchBytes: number,
    options: BalancerOptions = {},
  ) {
    this.#slots = lanes.map((lane) => new Slot(lane));
    this.#compared = this.#slots.slice(0, MAX_COMPARED);
    this.#policy = policy;
    this.#batchBytes = batchBytes;
    this.#time = new ExpectedTime(batchBytes);
    this.#sameTarget = options.sameTarget === true || lanes.length === 1;
    this.#clock = options.clock ?? realClock;
    this.#random = options.random ?? Math.random;
    this.#origin = this.#clock.now();
  }

  /** Lanes that may be written to at all: the hot ones, or, while none is, all of a single target. */
  open(): readonly Lane[] {
    const lanes = this.#slots.map(({ lane }) => lane);
    const hot = lanes.filter((lane) => lane.isHot);
    return hot.length === 0 && this.#sameTarget ? lanes : hot;
  }

  /** Whether any lane that may be written to passes a test. */
  isAnyOpen(test: (lane: Lane) => boolean): boolean {
    const isAnyHot = this.#isAnyHot();
    if (!isAnyHot && !this.#sameTarget) return false;
    for (const { lane } of this.#slots) {
      if ((lane.isHot || !isAnyHot) && test(lane)) return true;
    }
    return false;
  }

  /**
   * The lane of the next batch; it counts as picked.
   * @param passedOver lanes that were found to have no room
   * @returns `undefined` exactly when no open lane is left
   */
  pick(passedOver: ReadonlySet<Lane> = this.#nobody): Lane | undefined {
    let found = this.#policy === 'expectedTime' ? this.#find(READY, passedOver) : 0;
    if (found === 0) found = this.#find(HOT, passedOver);
    if (found === 0 && this.#sameTarget && !this.#isAnyHot()) found = this.#find(ANY, passedOver);
    if (found === 0) return undefined;
    const now = this.#clock.now();
    const slot = found === 1 ? (this.#compared[0] as Slot<Lane>) : this.#best(found, now);
    slot.pickedAt = now;
    slot.share += this.#weight(now);
    return slot.lane;
  }

  /** Bytes after which the batch on that lane is to be committed; fewer for one that is probed. */
  batchBytes(lane: Lane): number {
    return this.isProbed(lane) ? Math.min(PROBE_BATCH_BYTES, this.#batchBytes) : this.#batchBytes;
  }

  /** Milliseconds until a batch on the lane is expected to be confirmed, if it is hot. */
  expectedTime(lane: Lane): number {
    return this.#time.of(lane);
  }

  /** Whether the lane is new and has yet to show what it can, beside others that are hot. */
  isProbed(lane: Lane): boolean {
    if (this.#policy !== 'expectedTime' || lane.ackLatency > 0 || !lane.isHot) return false;
    return this.#slots.some((other) => other.lane !== lane && other.lane.isHot);
  }

  /** Puts the lanes to be compared into place. Returns how many there are. */
  #find(openness: Openness, passedOver: ReadonlySet<Lane>): number {
    const slots = this.#slots;
    if (this.#policy === 'roundRobin') return this.#walk(this.#next, 1, openness, passedOver);
    if (slots.length <= MAX_COMPARED) return this.#walk(0, MAX_COMPARED, openness, passedOver);
    const compared = this.#compared;
    let found = 0;
    for (let draw = 0; draw < MAX_DRAWS; draw++) {
      const slot = slots[this.#anyIndex()] as Slot<Lane>;
      if (found === 1 && slot === compared[0]) continue;
      if (!isOpen(slot.lane, openness, passedOver)) continue;
      compared[found++] = slot;
      if (found === 2) return 2;
    }
    return this.#walk(this.#anyIndex(), 2, openness, passedOver);
  }

  /** Goes through the lanes once, from one on, until enough are found. */
  #walk(from: number, most: number, openness: Openness, passedOver: ReadonlySet<Lane>): number {
    const slots = this.#slots;
    let found = 0;
    let at = from;
    for (let i = 0; i < slots.length && found < most; i++) {
      const slot = slots[at] as Slot<Lane>;
      at = at + 1 === slots.length ? 0 : at + 1;
      if (isOpen(slot.lane, openness, passedOver)) this.#compared[found++] = slot;
    }
    if (found > 0) this.#next = at;
    return found;
  }

  /** Of the lanes in place, those that are alike the best one, and of these who got least lately. */
  #best(count: number, now: number): Slot<Lane> {
    const compared = this.#compared;
    const isByTime = this.#policy === 'expectedTime';
    if (isByTime) this.#time.lookAt(compared, count);
    let least = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const slot = compared[i] as Slot<Lane>;
      slot.score = isByTime ? this.#time.score(slot, now) : slot.lane.unconfirmedBytes();
      if (slot.score < least) least = slot.score;
    }
    const most = isByTime ? ExpectedTime.alike(least) : least;
    let best: Slot<Lane> | undefined;
    for (let i = 0; i < count; i++) {
      const slot = compared[i] as Slot<Lane>;
      if (slot.score <= most && (best === undefined || slot.share < best.share)) best = slot;
    }
    return best ?? (compared[0] as Slot<Lane>);
  }

  /** How much a batch of this time counts in shares. Only their relation matters: older ones fade. */
  #weight(now: number): number {
    let age = (now - this.#origin) / SHARE_HALF_LIFE_MS;
    if (age > MAX_HALF_LIVES) {
      for (const slot of this.#slots) slot.share *= 2 ** -age;
      this.#origin = now;
      age = 0;
    }
    return 2 ** age;
  }

  #isAnyHot(): boolean {
    for (const { lane } of this.#slots) if (lane.isHot) return true;
    return false;
  }

  #anyIndex(): number {
    return Math.floor(this.#random() * this.#slots.length);
  }
}

function isOpen<Lane extends Candidate>(
  lane: Lane,
  openness: Openness,
  passedOver: ReadonlySet<Lane>,
): boolean {
  if (passedOver.size > 0 && passedOver.has(lane)) return false;
  if (openness === ANY) return true;
  if (!lane.isHot) return false;
  if (openness === HOT || lane.ackLatency > 0) return true;
  return lane.unconfirmedBytes() + PROBE_BATCH_BYTES <= MAX_PROBE_BYTES;
}
