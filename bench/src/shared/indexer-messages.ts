import type { DigestKind } from '../contents/choices.js';
import type { SequencePlace } from '../contents/sequence-number.js';
import type { TallyReport } from './arrival-account.js';

export const TRANSPORTS = ['tcp', 'tls', 'pipe'] as const;

/** What a connection runs on (§1). */
export type Transport = (typeof TRANSPORTS)[number];

/** What the load generator tells the embedded indexer's process when it starts it. */
export interface IndexerSettings {
  readonly secret: string;
  /** Where entries of a load have their sequence number, by which account is kept; `false`: none is. */
  readonly tally: SequencePlace | false;
  /** A digest of them as well; with a tally only. */
  readonly digest: DigestKind | false;
  /** Milliseconds by which its confirmations leave later. Default: 0. */
  readonly ackDelay?: number;
  /** Each of them is listened on, at an address of its own, in this order. Default: TCP alone. */
  readonly transports?: readonly Transport[];
  /** Where it listens, on the loopback by TCP alone. Default: a free one for each transport. */
  readonly port?: number;
  /** A file for the sequence numbers of what arrives, and where entries have them. */
  readonly log?: { readonly path: string; readonly place: SequencePlace };
  /** Whose entries it takes; who names no tenant is refused as well. Default: everybody's. */
  readonly tenants?: readonly string[];
}

/** PEM text of the certificate that an indexer shows, and its key. */
export interface ServerCertificate {
  readonly cert: string;
  readonly key: string;
}

/** What arrived of a load, and for whom. */
export interface ArrivalReport extends TallyReport {
  /** Entries by the name of their tag. */
  readonly tags: Readonly<Record<string, number>>;
  /** Entries by the name of their tenant; those of no tenant are left out. */
  readonly tenants: Readonly<Record<string, number>>;
}

/** From the load generator to the process. */
export type ToIndexer =
  | {
      readonly kind: 'settings';
      readonly settings: IndexerSettings;
      /** For TLS. */
      readonly tls: ServerCertificate | undefined;
    }
  | { readonly kind: 'report'; readonly sent: number }
  /** Another load begins. */
  | { readonly kind: 'clear' }
  | { readonly kind: 'delay'; readonly milliseconds: number }
  /** 0: it reads as fast as it can. */
  | { readonly kind: 'throttle'; readonly bytesPerSecond: number };

/** From the process to the load generator. */
export type FromIndexer =
  | { readonly kind: 'listening'; readonly addresses: readonly string[] }
  | { readonly kind: 'report'; readonly arrived: ArrivalReport }
  | { readonly kind: 'cleared' }
  | { readonly kind: 'delayed' }
  | { readonly kind: 'throttled' };
