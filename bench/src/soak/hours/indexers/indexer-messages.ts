import type { ServerCertificate } from '../../../shared/indexer-messages.js';

/** What an indexer of a soak is told when it starts. */
export interface SoakIndexerSettings {
  readonly name: string;
  readonly secret: string;
  /** By TCP, by TLS and by Unix socket, at the same addresses in every life. */
  readonly listen: readonly string[];
  readonly tls: ServerCertificate;
  /** Where it writes down what arrives. */
  readonly arrivals: string;
  /** Unix seconds of the first entries. */
  readonly startSeconds: number;
}

/** Of an indexer that takes the place of the one before, in the same process; see `IndexerBehaviour`. */
export interface Behaviour {
  readonly throttle?: number;
  readonly failAfter?: number;
  readonly refuseTag?: readonly string[];
}

/** To an indexer's process. Each is answered with `done`. */
export type ToSoakIndexer =
  | { readonly kind: 'settings'; readonly settings: SoakIndexerSettings }
  | { readonly kind: 'behave'; readonly behaviour: Behaviour }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  | { readonly kind: 'read'; readonly bytesPerSecond: number };

/** From it. */
export type FromSoakIndexer =
  | { readonly kind: 'done' }
  | { readonly kind: 'failed'; readonly message: string };
