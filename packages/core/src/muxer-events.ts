import type { ConnectionError } from '@ringest/workers';

/** What happens to a muxer. */
export interface MuxerEvents {
  /** A lane to the target may ingest. */
  hot: [target: string];
  /** A lane's connection failed or ended; it is tried again after the delay. */
  lost: [error: ConnectionError, retryInMs: number];
  /** All that waited for room has found it: writes that returned a promise may go on. */
  drain: [];
  /**
   * The disk of the cache takes nothing for now, and is tried again; or does again (`undefined`).
   * Meanwhile everything is kept in memory.
   */
  cacheTrouble: [error: Error | undefined];
  /**
   * Something failed that is not tried again: a lane, which has given up for good (then see
   * `status`), a tag, which every connected indexer refuses, a cache that cannot be opened, or a
   * segment of it that cannot be sent. It is only logged while nobody
   * listens. A worker thread that ends makes its lanes `lost`, with the reason `worker`, and is
   * replaced; only one that failed while it ran no lane yet is told here as well.
   */
  error: [error: Error];
}

/** How a target fares. */
export interface TargetStatus {
  readonly target: string;
  /** For whom its entries are; empty: for nobody in particular. */
  readonly tenant: string;
  readonly hot: number;
  readonly lanes: number;
  /** Why lanes to it have given up for good, if they have. */
  readonly fatalError: Error | undefined;
  /** The latest problem of its lanes, whatever has come of it since. */
  readonly lastError: Error | undefined;
  /** Names of tags that it has refused. */
  readonly refusedTags: readonly string[];
}

export interface MuxerStatus {
  readonly state: MuxerState;
  readonly targets: readonly TargetStatus[];
}

export type MuxerState = 'not started' | 'running' | 'closing' | 'closed';

/** How a muxer ended. */
export interface CloseReport {
  /**
   * Entries that were accepted and not confirmed, lines of the own log and what earlier runs had
   * left in the cache among them; 0: all arrived.
   */
  readonly unconfirmed: number;
  /** Of those, entries that are on the disk for the next start. The others are lost. */
  readonly cached: number;
}
