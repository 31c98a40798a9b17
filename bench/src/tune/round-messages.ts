import type { LoadOptions } from '../load/load-options.js';

/** What the tuner tells the process of a round when it starts it. */
export interface RoundSettings {
  /** Its targets are other people's: it starts no indexer. */
  readonly options: LoadOptions;
  /** Milliseconds after which it is measured, when the code is compiled and the rings are full. */
  readonly warmUpMs: number;
  /** Milliseconds that are measured. */
  readonly measuredMs: number;
}

/** What came of a round. */
export interface RoundFigures {
  /** Entries that were accepted. */
  readonly entries: number;
  /** Of those, entries that were not confirmed. */
  readonly lost: number;
  readonly resent: number;
  readonly entriesPerSecond: number;
  readonly processorSecondsPerMillion: number;
  /** With a pace from the moment an entry was due, else from sending, to its confirmation. */
  readonly p99Ms: number;
  /** Losses of connections. */
  readonly problems: readonly string[];
}

/** From the tuner to the process. */
export type ToRound = { readonly kind: 'settings'; readonly settings: RoundSettings };

/** From the process to the tuner. */
export type FromRound =
  | { readonly kind: 'done'; readonly figures: RoundFigures }
  | { readonly kind: 'failed'; readonly message: string };
