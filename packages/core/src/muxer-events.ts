import type { ConnectionError } from '@ringest/workers';

/** The events of an `IngestMuxer`. */
export interface MuxerEvents {
  /** A lane to this target is connected and allowed to ingest. */
  hot: [target: string];
  /** A lane's connection failed or ended. The lane tries again after `retryInMs` milliseconds. */
  lost: [error: ConnectionError, retryInMs: number];
  /** Everything that waited for room has found room: producers that paused may write again. */
  drain: [];
  /**
   * With an error: the disk of the cache takes no entries for now; the cache tries again, and entries
   * stay in memory. With `undefined`: the disk takes entries again.
   */
  cacheTrouble: [error: Error | undefined];
  /**
   * Something failed and will not be tried again: a lane gave up for good (see `status`), every
   * connected indexer refuses a tag, the cache cannot be opened, or a segment of the cache cannot be
   * sent. Without a listener the error is only logged. When a worker thread ends, it is replaced and
   * its lanes emit `lost` with the reason `worker`; a thread that fails before it runs a lane is
   * reported here.
   */
  error: [error: Error];
  /** The muxer is closed: it sends and logs nothing any more. */
  closed: [report: CloseReport];
}

/** The state of one target. */
export interface TargetStatus {
  /** The address of the target. */
  readonly target: string;
  /** The tenant that its entries are ingested for (§3); empty: none. */
  readonly tenant: string;
  /** How many of its lanes are connected and allowed to ingest. */
  readonly hot: number;
  /** How many lanes lead to it. */
  readonly lanes: number;
  /** Why a lane to it has given up for good; `undefined`: none has. */
  readonly fatalError: Error | undefined;
  /** The latest error of its lanes, even if they have recovered; `undefined`: there was none. */
  readonly lastError: Error | undefined;
  /** The names of the tags that it refuses. */
  readonly refusedTags: readonly string[];
}

/** The state of a muxer and of its targets. */
export interface MuxerStatus {
  readonly state: MuxerState;
  /** In the order of the option `targets`. */
  readonly targets: readonly TargetStatus[];
}

/** The life of a muxer, from its construction to the end of `close`. */
export type MuxerState = 'not started' | 'running' | 'closing' | 'closed';

/** What `close` left behind. */
export interface CloseReport {
  /**
   * Entries that were accepted and not confirmed; 0: all arrived. It includes lines of the self log,
   * and entries that earlier runs had left in the cache.
   */
  readonly unconfirmed: number;
  /** How many of the unconfirmed entries are on disk, where the next start finds them. The others are lost. */
  readonly cached: number;
}
