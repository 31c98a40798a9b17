/** What a balancer reads of a lane. Every member must be cheap, because it is read for each batch. */
export interface Candidate {
  /** Whether the lane is connected and allowed to ingest. */
  readonly isHot: boolean;
  /** Confirmed bytes per millisecond while the lane is busy, as a moving average; 0: not known. */
  readonly rate: number;
  /**
   * Milliseconds from socket to confirmation, as a moving average; 0: nothing is confirmed on this
   * connection yet.
   */
  readonly ackLatency: number;
  /** How many milliseconds are left of a pause that the indexer asked for (§4, THROTTLE); 0: none. */
  readonly throttledFor: number;
  /** Returns the bytes that are written to the lane and not confirmed. */
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
