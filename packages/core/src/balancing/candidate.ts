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

/**
 * How the lane of a batch is picked:
 * - `expectedTime`: the one that is expected to confirm it first;
 * - `roundRobin`: each in its turn;
 * - `leastOutstanding`: the one with the fewest unconfirmed bytes.
 */
export type Policy = 'expectedTime' | 'roundRobin' | 'leastOutstanding';
