import type { LinkFaults } from './link-faults.js';

/** The faults of one direction, by the numbers of the two hosts. */
export interface LinkSetting {
  readonly from: number;
  readonly to: number;
  readonly faults: LinkFaults;
}

/** The first packet of a TCP connection, whether or not it arrived. */
export interface Attempt {
  readonly from: number;
  readonly to: number;
  /** By {@link monotonicMs}. */
  readonly at: number;
}

/** What became of all packets. */
export interface WireReport {
  readonly passed: number;
  /** Those among them that passed later, by a millisecond or more. */
  readonly delayed: number;
  readonly dropped: number;
  readonly attempts: readonly Attempt[];
}

/** To the process of the wire. */
export type ToWire =
  /** All links that are not named are well. */
  | { readonly kind: 'faults'; readonly settings: readonly LinkSetting[] }
  | { readonly kind: 'report' };

/** From the process of the wire. Each answers one message, in order. */
export type FromWire =
  | { readonly kind: 'ready' }
  | { readonly kind: 'set' }
  | { readonly kind: 'report'; readonly report: WireReport };
