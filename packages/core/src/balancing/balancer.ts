import { type Clock, realClock } from '@ringest/workers';
import type { Candidate, Policy } from './candidate.js';
import { ExpectedTime } from './expected-time.js';
import { Slot } from './slot.js';

/** The most lanes that are all compared. Of more lanes, two are drawn at random. */
const MAX_COMPARED = 8;
/** The most random draws. After them, lanes are looked at one after the other. */
const MAX_DRAWS = 8;
/** The size of a batch for a lane that is probed, or tried again. */
const PROBE_BATCH_BYTES = 4096;
/** The most unconfirmed bytes of a lane that is probed. */
const MAX_PROBE_BYTES = 65536;
/** The time in which a batch loses half of its weight in the share of its lane. */
const SHARE_HALF_LIFE_MS = 2000;
/**
 * What a lane that got less than the others makes up for at most, as a share of what the one with the most
 * got: what it would get in a third of a second. All ingesters may have passed over it, and would all do so at once.
 */
const MAX_CATCH_UP = 1 / 8;
/** The most half-lives before shares are scaled down, because the weight of a batch is 2 to their number. */
const MAX_HALF_LIVES = 512;

/** Which lanes a batch may go to, the strictest choice first. The next one is tried when no lane is left. */
const READY = 0;
const HOT = 1;
const ANY = 2;
type Openness = typeof READY | typeof HOT | typeof ANY;

/** The options of a {@link Balancer}. */
export interface BalancerOptions {
  /**
   * Whether all lanes lead to one indexer, so that any lane may be picked while none is hot.
   * Default: `false`.
   */
  readonly sameTarget?: boolean;
  /** The clock, in milliseconds. Default: the one of the machine. */
  readonly clock?: Pick<Clock, 'now'>;
  /** Returns a random number from 0 up to, but not including, 1. Default: `Math.random`. */
  readonly random?: () => number;
}

/**
 * Picks the lane of each batch. By expected time, that is the lane with the least
 * `(unconfirmed bytes + batch) / rate + ack latency`, plus what is left of a throttle.
 *
 * - Only hot lanes are picked. While none is hot, entries may wait in the rings of a single target. With
 *   several targets they do not, because it is unknown which one will be hot first.
 * - The cost does not grow with the number of lanes: of many lanes, two are drawn at random and the
 *   better one is picked. The result is nearly as even as comparing all of them.
 * - Of lanes with nearly equal times, the one that recently got the least is picked. So equal indexers
 *   get equal shares in spite of noise, even when there is little to send.
 * - A lane that got less for a while makes up for little of it, because other ingesters may have passed
 *   over it too, and would all return at once.
 * - Averages move only while a lane is used. The expected time of an idle lane fades, so that the lane
 *   is tried now and then, with a small batch, and can show that it has become faster. Chance and a long
 *   latency make the pauses longer or shorter, so that ingesters do not try it in step.
 * - A rise of latency counts gradually and a fall counts at once: one late confirmation does not make an
 *   indexer slow.
 * - A lane with an unknown rate is assumed to be as fast as the fastest of the others.
 * - A lane that has confirmed nothing on its connection is probed: it gets small batches, and only a few
 *   at a time, while any other lane may be picked.
 */
export class Balancer<Lane extends Candidate> {
  #slots: readonly Slot<Lane>[];
  readonly #policy: Policy;
  readonly #batchBytes: number;
  readonly #time: ExpectedTime;
  #sameTarget: boolean;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #random: () => number;
  readonly #nobody: ReadonlySet<Lane> = new Set();
  /** The lanes that are compared; only the first ones are in use. */
  #compared: Slot<Lane>[];
  /** The lane that was picked last, if that was to try it: its batch is a small one. */
  #tried: Lane | undefined;
  /** The time at which a batch weighs 1. */
  #origin: number;
  /** The index at which the next search begins. */
  #next = 0;

  /** @param batchBytes the size of a batch, in bytes of frames */
  constructor(
    lanes: readonly Lane[],
    policy: Policy,
    batchBytes: number,
    options: BalancerOptions = {},
  ) {
    this.#policy = policy;
    this.#batchBytes = batchBytes;
    this.#time = new ExpectedTime(batchBytes);
    this.#sameTarget = options.sameTarget === true || lanes.length === 1;
    this.#clock = options.clock ?? realClock;
    this.#random = options.random ?? Math.random;
    this.#slots = lanes.map((lane) => new Slot(lane, this.#random()));
    this.#compared = this.#slots.slice(0, MAX_COMPARED);
    this.#origin = this.#clock.now();
  }

  /**
   * Picks from these lanes from now on. What is known about those that it had before stays.
   * @param options whether all lanes lead to one indexer
   */
  setLanes(
    lanes: readonly Lane[],
    { sameTarget = false }: Pick<BalancerOptions, 'sameTarget'>,
  ): void {
    const known = new Map(this.#slots.map((slot) => [slot.lane, slot]));
    this.#slots = lanes.map((lane) => known.get(lane) ?? new Slot(lane, this.#random()));
    this.#compared = this.#slots.slice(0, MAX_COMPARED);
    this.#sameTarget = sameTarget || lanes.length === 1;
    this.#next = 0;
  }

  /** Returns whether any lane is hot. */
  get isAnyHot(): boolean {
    for (const { lane } of this.#slots) if (lane.isHot) return true;
    return false;
  }

  /**
   * Returns the lanes that may be written to: the hot ones, or all lanes of a single target while
   * none is hot.
   */
  eligible(): readonly Lane[] {
    const lanes = this.#slots.map(({ lane }) => lane);
    const hot = lanes.filter((lane) => lane.isHot);
    return hot.length === 0 && this.#sameTarget ? lanes : hot;
  }

  /** Returns whether any lane that may be written to passes a test. */
  isAnyEligible(test: (lane: Lane) => boolean): boolean {
    const { isAnyHot } = this;
    if (!isAnyHot && !this.#sameTarget) return false;
    for (const { lane } of this.#slots) {
      if ((lane.isHot || !isAnyHot) && test(lane)) return true;
    }
    return false;
  }

  /**
   * Picks the lane of the next batch.
   * @param passedOver lanes that have no room
   * @returns `undefined` only if no lane is left that may be written to
   */
  pick(passedOver: ReadonlySet<Lane> = this.#nobody): Lane | undefined {
    let found = this.#policy === 'expectedTime' ? this.#find(READY, passedOver) : 0;
    if (found === 0) found = this.#find(HOT, passedOver);
    if (found === 0 && this.#sameTarget && !this.isAnyHot) found = this.#find(ANY, passedOver);
    if (found === 0) return undefined;
    const now = this.#clock.now();
    this.#tried = undefined;
    const slot = found === 1 ? (this.#compared[0] as Slot<Lane>) : this.#best(found, now);
    slot.pickedAt = now;
    slot.share += this.#weight(now);
    return slot.lane;
  }

  /**
   * Returns the size of a batch on this lane, in bytes of frames. It is smaller for a lane that is probed,
   * or that was just picked to try it.
   */
  batchBytes(lane: Lane): number {
    const isSmall = lane === this.#tried || this.isProbed(lane);
    return isSmall ? Math.min(PROBE_BATCH_BYTES, this.#batchBytes) : this.#batchBytes;
  }

  /** Returns the expected time until a batch on a hot lane is confirmed, in milliseconds. */
  expectedTime(lane: Lane): number {
    return this.#time.of(lane);
  }

  /** Returns whether a hot lane is probed: it has confirmed nothing yet, and another lane is hot. */
  isProbed(lane: Lane): boolean {
    if (this.#policy !== 'expectedTime' || lane.ackLatency > 0 || !lane.isHot) return false;
    return this.#slots.some((other) => other.lane !== lane && other.lane.isHot);
  }

  /** Puts the lanes to be compared into `#compared`, and returns how many there are. */
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

  /** Looks at the lanes once, from an index on, until enough are found. */
  #walk(from: number, max: number, openness: Openness, passedOver: ReadonlySet<Lane>): number {
    const slots = this.#slots;
    let found = 0;
    let at = from;
    for (let i = 0; i < slots.length && found < max; i++) {
      const slot = slots[at] as Slot<Lane>;
      at = at + 1 === slots.length ? 0 : at + 1;
      if (isOpen(slot.lane, openness, passedOver)) this.#compared[found++] = slot;
    }
    if (found > 0) this.#next = at;
    return found;
  }

  /** Returns, of the compared lanes whose time is nearly the best, the one that recently got the least. */
  #best(count: number, now: number): Slot<Lane> {
    const compared = this.#compared;
    const isByTime = this.#policy === 'expectedTime';
    if (isByTime) this.#time.lookAt(compared, count);
    let least = Number.POSITIVE_INFINITY;
    let leastTime = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const slot = compared[i] as Slot<Lane>;
      slot.score = isByTime ? this.#time.score(slot, now) : slot.lane.unconfirmedBytes();
      if (slot.score < least) least = slot.score;
      if (slot.time < leastTime) leastTime = slot.time;
    }
    const most = isByTime ? ExpectedTime.alike(least) : least;
    let best = compared[0] as Slot<Lane>;
    let leastShare = Number.POSITIVE_INFINITY;
    let greatestShare = 0;
    for (let i = 0; i < count; i++) {
      const slot = compared[i] as Slot<Lane>;
      if (slot.score > most) continue;
      if (slot.share > greatestShare) greatestShare = slot.share;
      if (slot.share >= leastShare) continue;
      best = slot;
      leastShare = slot.share;
    }
    best.share = Math.max(best.share, greatestShare * (1 - MAX_CATCH_UP));
    // Only because its time has faded is it among the best.
    if (isByTime && best.time > ExpectedTime.alike(leastTime)) {
      this.#tried = best.lane;
      best.chance = this.#random();
    }
    return best;
  }

  /**
   * Returns the weight of a batch of this time in shares. Weights grow with time, so that older
   * batches fade.
   */
  #weight(now: number): number {
    let age = (now - this.#origin) / SHARE_HALF_LIFE_MS;
    if (age > MAX_HALF_LIVES) {
      for (const slot of this.#slots) slot.share *= 2 ** -age;
      this.#origin = now;
      age = 0;
    }
    return 2 ** age;
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
