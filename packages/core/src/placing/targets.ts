import type { Lane } from '@ringest/workers';
import {
  parseAddress,
  sameTarget,
  type Target,
  type TargetChecker,
  type TargetInput,
} from '../configuration/targets/index.js';
import { TargetChangeError } from '../errors.js';
import type { WaitOptions } from '../wait.js';
import type { Lanes } from './lanes.js';
import type { Rings } from './rings.js';

/** What the targets tell, and what they wait for. */
export interface TargetEvents {
  added(target: Target): void;
  removed(target: Target): void;
  /** Resolves once nothing but what is in rings needs the lanes of today. */
  settled(options: WaitOptions): Promise<void>;
}

/** The targets of a muxer, which come and go while it runs, and their lanes. */
export class Targets {
  readonly #checker: TargetChecker;
  readonly #lanes: Lanes;
  readonly #rings: Rings;
  readonly #events: TargetEvents;
  #all: readonly Target[];
  /** Targets that get nothing new, and go once nothing is left to do for them. */
  readonly #leaving = new Set<Target>();

  /** @param all the targets that the lanes were made for */
  constructor(
    all: readonly Target[],
    checker: TargetChecker,
    lanes: Lanes,
    rings: Rings,
    events: TargetEvents,
  ) {
    this.#all = all;
    this.#checker = checker;
    this.#lanes = lanes;
    this.#rings = rings;
    this.#events = events;
  }

  /**
   * Adds a target, whose lanes connect at once if those of the others do.
   * @throws {ConfigurationError} an option cannot be used; `field` names it
   * @throws {TargetChangeError} there is a target of this address
   * @throws {SystemLimitError} there is too little address space
   */
  add(input: string | TargetInput): void {
    const target = this.#checker.check('target', input);
    const { address } = target.endpoint;
    if (this.#at(address).length > 0) {
      throw new TargetChangeError(address, 'it is a target already');
    }
    this.#add(target);
  }

  /**
   * Removes the targets of an address. Their lanes get nothing new from now on, and are closed once all
   * that is in their rings is confirmed, or has moved to other lanes. If the waiting ends early, they stay.
   * @throws {ConfigurationError} it is not an address
   * @throws {TargetChangeError} there is none, it is being removed already, or no other target stays
   * @throws {WaitTimeoutError} not everything was confirmed in time
   */
  async remove(address: string, options: WaitOptions): Promise<void> {
    const parsed = parseAddress(address);
    const leaving = this.#at(parsed.address);
    if (leaving.length === 0) throw new TargetChangeError(address, 'no target has this address');
    if (leaving.some((target) => this.#leaving.has(target))) {
      throw new TargetChangeError(address, 'it is being removed already');
    }
    if (this.#staying.every((target) => leaving.includes(target))) {
      throw new TargetChangeError(
        address,
        'no other target would be left: close the muxer instead',
      );
    }
    await this.#remove(leaving, options);
  }

  /**
   * Adds the targets that are not there, and then removes those that are not wanted, as `remove`. One that
   * differs in anything is another one.
   * @throws as `remove`
   */
  async replace(wanted: readonly Target[], options: WaitOptions): Promise<void> {
    const isThere = (target: Target) => this.#staying.some((one) => sameTarget(one, target));
    for (const target of wanted) if (!isThere(target)) this.#add(target);
    const leaving = this.#staying.filter(
      (one) => !wanted.some((target) => sameTarget(one, target)),
    );
    if (leaving.length > 0) await this.#remove(leaving, options);
  }

  /** All targets, those that are being removed among them. */
  get all(): readonly Target[] {
    return this.#all;
  }

  get #staying(): readonly Target[] {
    return this.#all.filter((target) => !this.#leaving.has(target));
  }

  #at(address: string): readonly Target[] {
    return this.#all.filter(({ endpoint }) => endpoint.address === address);
  }

  #add(target: Target): void {
    this.#lanes.add(target);
    this.#all = [...this.#all, target];
    this.#pickFromStaying();
    this.#events.added(target);
  }

  async #remove(leaving: readonly Target[], options: WaitOptions): Promise<void> {
    for (const target of leaving) this.#leaving.add(target);
    this.#pickFromStaying();
    const lanes = leaving.flatMap((target) => this.#lanesOf(target));
    try {
      await Promise.all([this.#rings.drained(lanes, options), this.#events.settled(options)]);
      await Promise.all(lanes.map((lane) => lane.close()));
      for (const lane of lanes) {
        this.#rings.remove(lane);
        this.#lanes.remove(lane);
      }
      this.#all = this.#all.filter((target) => !leaving.includes(target));
    } finally {
      for (const target of leaving) this.#leaving.delete(target);
      this.#pickFromStaying();
    }
    for (const target of leaving) this.#events.removed(target);
  }

  #pickFromStaying(): void {
    this.#rings.pickFrom(this.#staying.flatMap((target) => this.#lanesOf(target)));
  }

  #lanesOf({ endpoint }: Target): readonly Lane[] {
    return this.#lanes.all.filter((lane) => lane.endpoint === endpoint);
  }
}
