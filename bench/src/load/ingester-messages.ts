import type { CacheCounts } from './cache-report.js';
import type { Destination } from './load-ingester.js';
import type { KillOptions } from './load-options.js';

/** What the load generator tells an ingester's process when it starts it. */
export interface IngesterSettings {
  readonly options: KillOptions;
  readonly to: Destination;
  /** The folder of its cache, which ingesters before it have used. */
  readonly cachePath: string;
  /** Of all entries, whoever writes them. */
  readonly startSeconds: number;
  /** The first entry that it writes. */
  readonly from: number;
  readonly entriesPerSecond: number;
}

/** From the load generator to the process. */
export type ToIngester = { readonly kind: 'settings'; readonly settings: IngesterSettings };

/** How far an ingester is. */
export interface IngesterProgress {
  /**
   * Every write before this entry has resolved: with a journal the entries are on disk; otherwise
   * they are accepted.
   */
  readonly resolved: number;
  readonly counts: CacheCounts;
}

/** From the process to the load generator. */
export type FromIngester =
  /** Everything is loaded, and the muxer is about to be started. */
  | { readonly kind: 'started' }
  | { readonly kind: 'progress'; readonly progress: IngesterProgress }
  | { readonly kind: 'lost'; readonly message: string; readonly retryInMs: number }
  /** Everything that was written, or was in the cache, is confirmed, and the muxer is closed. */
  | { readonly kind: 'done'; readonly progress: IngesterProgress }
  | { readonly kind: 'failed'; readonly message: string };
