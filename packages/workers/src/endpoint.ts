import type { Compression, MuxerTag } from '@ringest/codec';

/** How an indexer is reached (§1). */
export type Transport =
  | { readonly kind: 'tcp' | 'tls'; readonly host: string; readonly port: number }
  | { readonly kind: 'pipe'; readonly path: string };

/** What a lane connects to. */
export interface Endpoint {
  /** How logs and errors name it. */
  readonly address: string;
  readonly transport: Transport;
  /** For whom its entries are; empty: for nobody in particular. */
  readonly tenant: string;
  /** What the indexer is asked for (§9); it may choose none. */
  readonly compression: Compression;
}

/** Whom a lane trusts over TLS, and what it shows of itself. Certificates and keys are PEM texts. */
export interface TlsTrust {
  /** Authorities that may have signed the indexer's certificate; `undefined`: those of Node.js. */
  readonly ca: readonly string[] | undefined;
  /** The host that the certificate must be for; `undefined`: that of the address. */
  readonly servername: string | undefined;
  readonly client: { readonly cert: string; readonly key: string } | undefined;
  /** Whether whoever answers is taken for the indexer. */
  readonly insecureSkipVerify: boolean;
}

/** What a lane has to show and must never tell: apart from the endpoint, which anybody may see. */
export interface Credentials {
  /** The authentication hash (§3), never the secret itself. */
  readonly secretHash: Uint8Array;
  /** For a `tls` transport. */
  readonly tls: TlsTrust;
}

/** Who the ingester says it is (protocol §4, ID). */
export interface Identity {
  readonly name: string;
  readonly version: string;
  readonly uuid: string;
}

/** Time limits and delays of a connection, in milliseconds. */
export interface ConnectionTimes {
  /** The limit for the addresses of a host to be found, and then for each of them to answer. */
  readonly dial: number;
  /** The limit for a connected socket to become secure. */
  readonly tls: number;
  /**
   * The limit for the handshake, from a connected and secure socket to the response to the tag
   * request, and then for each further reply.
   */
  readonly handshake: number;
  /** The delay before an indexer that is not ready to ingest is asked again. */
  readonly notReady: number;
  /** The delay before the first retry. It doubles with each further one. */
  readonly firstRetry: number;
  /** The longest delay before a retry, `firstRetry` or more. */
  readonly mostRetry: number;
  /** A hot connection is lost when nothing comes from the indexer for this long. */
  readonly silence: number;
  /**
   * A hot connection is lost when nothing is confirmed for this long although entries are
   * outstanding, and a second more for each MiB of them.
   */
  readonly confirmation: number;
}

/** A tag of the muxer. */
export interface TagName {
  readonly tag: MuxerTag;
  readonly name: string;
}

/** What a hot connection has agreed on. */
export interface Session {
  readonly indexerVersion: number;
  /** An IP address; `::1` over a pipe. */
  readonly localAddress: string;
  readonly compression: CompressionName;
}

export type CompressionName = keyof typeof Compression;

/** Why a connection failed or ended. */
export type LossReason =
  | 'dial'
  | 'certificate'
  | 'authentication'
  | 'tags'
  | 'version'
  | 'protocol'
  | 'timeout'
  | 'lost'
  | 'worker';
