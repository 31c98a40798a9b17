import type { MuxerStats } from '@ringest/core';
import type { LatencyReport } from './latency-log.js';

/** How far a load is. */
export interface LoadProgress {
  /** Entries that are written. */
  readonly entries: number;
  /** Milliseconds since the first write. */
  readonly elapsedMs: number;
  /** Of the muxer; `undefined` where it is in another process. */
  readonly stats: MuxerStats | undefined;
  /** Of a load with a pace, from the moment an entry was due to its confirmation. */
  readonly latency: LatencyReport | undefined;
}

/** Who watches a load. */
export interface LoadObserver {
  /**
   * Writing begins.
   * @param look says how far it is, until {@link ended}
   */
  started(look: () => LoadProgress): void;
  /** Everything is confirmed, or the load has failed. */
  ended(): void;
  /** The connection to an indexer failed; it is tried again. A failure that ends the load is thrown. */
  lost(error: Error, retryInMs: number): void;
  /** Something was done to an embedded indexer, or to an ingester in a process of its own. */
  happened(what: string): void;
  /** The cache in a folder has entries at the end, or damaged ones, and stays. */
  left(path: string): void;
}

/** Several that watch one load. */
export function observedBy(observers: readonly LoadObserver[]): LoadObserver {
  const each = (tell: (observer: LoadObserver) => void) => observers.forEach(tell);
  return {
    started: (look) => each((one) => one.started(look)),
    ended: () => each((one) => one.ended()),
    lost: (error, retryInMs) => each((one) => one.lost(error, retryInMs)),
    happened: (what) => each((one) => one.happened(what)),
    left: (path) => each((one) => one.left(path)),
  };
}
