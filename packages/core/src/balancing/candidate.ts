/** What a balancer sees of a lane. Every getter is cheap: it is read for each batch. */
export interface Candidate {
  /** Connected and allowed to ingest. */
  readonly isHot: boolean;
  /** Confirmed bytes a millisecond while busy, moving average; 0: not known. */
  readonly rate: number;
  /** Milliseconds from hand-over to confirmation, moving average; 0: nothing confirmed on this connection yet. */
  readonly ackLatency: number;
  /** Milliseconds for which the indexer has asked not to be sent anything, from now on; 0: none. */
  readonly throttledFor: number;
  /** Bytes written and not confirmed. */
  unconfirmedBytes(): number;
}

/** The names of the balancing policies, the default first. */
export const POLICIES = ['expectedTime', 'roundRobin', 'leastOutstanding'] as const;

/**
 * How the muxer picks the lane of each batch:
 * - `expectedTime`: the lane that is expected to confirm the batch first;
 * - `roundRobin`: one lane after the other;
 * - `leastOutstanding`: the lane with the fewest unconfirmed bytes.
 */
export type Policy = (typeof POLICIES)[number];
