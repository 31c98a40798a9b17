import type { MuxerConfiguration } from '@ringest/core';
import type { Latency } from './latency.js';

/** How a stream is written. */
export interface StreamSettings {
  readonly stream: number;
  /** The first entry of this life of the process. */
  readonly from: number;
  /** Lives before may have written the entries below this number: this one writes them whatever comes. */
  readonly atLeast: number;
  readonly seed: number;
  readonly startSeconds: number;
  readonly entriesPerSecond: number;
  /** Writes resolve once the entries are on disk. */
  readonly isJournal: boolean;
}

/** How far a stream is, by the numbers of its entries. */
export interface StreamProgress {
  readonly stream: number;
  /** Whatever happens, none of these need be written again: they are confirmed, or on disk. */
  readonly settled: number;
  readonly confirmed: number;
}

/** What an ingester's process is told when it starts. */
export interface IngesterSettings {
  readonly muxer: Pick<
    MuxerConfiguration,
    'targets' | 'secret' | 'tags' | 'compression' | 'tls' | 'cache'
  >;
  readonly streams: readonly StreamSettings[];
  /** Each stream is written by a thread of its own. */
  readonly inThreads: boolean;
}

/** What a muxer counts, since it was made. */
export interface MuxerCounts {
  readonly resent: number;
  readonly reconnects: number;
  /** Connections that may ingest now. */
  readonly hot: number;
  readonly cached: number;
  /** Entries of an earlier life that were sent from the disk. */
  readonly recovered: number;
}

/** To an ingester's process, and from there to its threads. */
export type ToIngester =
  | { readonly kind: 'settings'; readonly settings: IngesterSettings }
  /** Write no more, and end once everything is confirmed. */
  | { readonly kind: 'finish' };

/** From whoever writes a stream. */
export type FromWriter =
  /** Entries below this number are about to be written; no others were. */
  | { readonly kind: 'writing'; readonly stream: number; readonly to: number }
  | {
      readonly kind: 'progress';
      readonly stream: StreamProgress;
      readonly latency: Latency | undefined;
    };

/** From an ingester's process. */
export type FromIngester =
  | FromWriter
  | { readonly kind: 'counts'; readonly counts: MuxerCounts }
  /** Everything is confirmed, and the muxer is closed. */
  | { readonly kind: 'finished' };

/** From a thread of it. */
export type FromThread = FromWriter | { readonly kind: 'finished' };
