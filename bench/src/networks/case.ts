import { setTimeout as delay } from 'node:timers/promises';
import type { LineAccount } from './line-account.js';
import type { LinkFaults } from './link-faults.js';
import { between, type Fault, oneWay } from './network.js';
import { INDEXERS, INGESTERS, type Scene, type SceneSettings } from './scene.js';

/** Something that goes wrong, and is well again in the end. */
export interface Case {
  readonly name: string;
  /** For people: what goes wrong. */
  readonly what: string;
  readonly scene?: SceneSettings;
  /** How long it goes wrong, at least. */
  readonly lasts: Length;
  /** Makes things go wrong for so many milliseconds, and mends them again. */
  readonly harm: (scene: Scene, lengthMs: number) => Promise<void>;
  /** What shows that nothing went wrong, although it should have; `undefined`: it did. */
  readonly doubt?: (evidence: Evidence) => string | undefined;
  /** Why it cannot be run here; `undefined`: it can. */
  readonly whyNot?: () => string | undefined;
  /** It keeps the machine so busy that no other case runs beside it. */
  readonly isAlone?: boolean;
  /** All connections are lost for so long that they have to come back at different times. Not in a quick run. */
  readonly isSpread?: boolean;
}

/** How long a fault lasts, in milliseconds: usually, and in a quick run. */
export interface Length {
  readonly usual: number;
  readonly quick: number;
}

/** What is known of a case after its end. */
export interface Evidence {
  readonly account: LineAccount;
  /** Packets that vanished, and those that were late. */
  readonly dropped: number;
  readonly delayed: number;
}

/** TCP repeats what vanishes for so long, and no connection is given up (`times.silence` is 10 s). */
export const SECONDS: Length = { usual: 5000, quick: 3000 };
/** Longer than a connection may be silent. */
export const LONGER: Length = { usual: 15_000, quick: 12_000 };
/** So long that attempts to connect come at distances of up to 30 s (`times.mostRetry`). */
export const MINUTES: Length = { usual: 75_000, quick: 12_000 };

/** How long it is in a run. */
export function lengthOf({ usual, quick }: Length, isQuick: boolean): number {
  return isQuick ? quick : usual;
}

/** Nothing passes. */
export const CUT: Partial<LinkFaults> = { isCut: true };

/** Faults of all links between ingesters and indexers, in both directions or one. */
export function everywhere(faults: Partial<LinkFaults>): Fault[] {
  return between(INGESTERS, INDEXERS, faults);
}
export function toIndexers(faults: Partial<LinkFaults>): Fault[] {
  return oneWay(INGESTERS, INDEXERS, faults);
}
export function fromIndexers(faults: Partial<LinkFaults>): Fault[] {
  return oneWay(INDEXERS, INGESTERS, faults);
}

/** Links have faults for a while. */
export function during(faults: readonly Fault[]): Case['harm'] {
  return async (scene, lengthMs) => {
    await scene.network.set(faults);
    await delay(lengthMs);
    await scene.network.set([]);
  };
}

/**
 * Links have faults for a while, which is longer if it has to be: an indexer is killed and started meanwhile, and all
 * who send to it have to connect to the new one.
 */
export function throughFaults(faults: readonly Fault[]): Case['harm'] {
  return async (scene, lengthMs) => {
    await scene.network.set(faults);
    await scene.reconnectTo('indexer-1');
    await delay(lengthMs);
    await scene.network.set([]);
  };
}

/** Packets have to vanish. */
export function noneVanished({ dropped }: Evidence): string | undefined {
  return dropped === 0 ? 'no packet vanished' : undefined;
}

/** Packets have to be late. */
export function noneWasLate({ delayed }: Evidence): string | undefined {
  return delayed === 0 ? 'no packet was late' : undefined;
}
