import type { TallyReport } from './tally.js';

/** What the load generator tells the embedded indexer's process when it starts it. */
export interface IndexerSettings {
  readonly secret: string;
  /** Keep account of a load's entries by their sequence numbers. */
  readonly tally: boolean;
  /** A digest of them as well; with a tally only. */
  readonly digest: boolean;
  /** Milliseconds by which its confirmations leave later. Default: 0. */
  readonly ackDelay?: number;
}

/** From the load generator to the process. */
export type ToIndexer =
  | { readonly kind: 'settings'; readonly settings: IndexerSettings }
  | { readonly kind: 'report'; readonly sent: number }
  | { readonly kind: 'delay'; readonly milliseconds: number };

/** From the process to the load generator. */
export type FromIndexer =
  | { readonly kind: 'listening'; readonly address: string }
  | { readonly kind: 'report'; readonly tally: TallyReport }
  | { readonly kind: 'delayed' };
