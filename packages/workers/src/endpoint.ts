import type { Compression, MuxerTag } from '@ringest/codec';

/** How a lane connects to its indexer (§1). */
export type Transport =
  | { readonly kind: 'tcp' | 'tls'; readonly host: string; readonly port: number }
  | { readonly kind: 'pipe'; readonly path: string };

/** The indexer that a lane connects to. */
export interface Endpoint {
  /** The address in logs and errors. */
  readonly address: string;
  readonly transport: Transport;
  /** The tenant that entries are ingested for (§3); empty: none. */
  readonly tenant: string;
  /** The compression that the indexer is asked for (§9). The indexer may refuse it. */
  readonly compression: Compression;
}

/** Which certificates a lane trusts, and which it presents. Certificates and keys are PEM texts. */
export interface TlsTrust {
  /** The certificates that are trusted; `undefined`: the authorities of Node.js. */
  readonly ca: readonly string[] | undefined;
  /** The host name that the indexer's certificate must have; `undefined`: the host of the address. */
  readonly servername: string | undefined;
  /** The client certificate and its private key; `undefined`: none. */
  readonly client: { readonly cert: string; readonly key: string } | undefined;
  /** Whether any certificate is accepted. */
  readonly insecureSkipVerify: boolean;
}

/** The secrets of a lane. They are apart from the endpoint, which logs may show. */
export interface Credentials {
  /** The authentication hash (§3), never the secret itself. */
  readonly secretHash: Uint8Array;
  /** Used only by a `tls` transport. */
  readonly tls: TlsTrust;
}

/** How the ingester introduces itself (§4, ID). */
export interface Identity {
  readonly name: string;
  readonly version: string;
  readonly uuid: string;
}

/** The time limits and retry delays of a connection, in milliseconds. */
export interface ConnectionTimes {
  /** The limit for the name of a host to be resolved, and then for each of its addresses to connect. */
  readonly dial: number;
  /** The limit for the TLS handshake. */
  readonly tls: number;
  /**
   * The limit for the ingest handshake up to the response to the tag request (§3), and then for each
   * further reply.
   */
  readonly handshake: number;
  /** The delay before an indexer that is not ready to ingest is asked again (§4, INGEST_OK). */
  readonly notReady: number;
  /**
   * The delay before the first retry of a connection. It doubles with each further retry, until something is
   * confirmed on a connection, or one lasts for `mostRetry`. Each delay is shortened by up to half at random.
   */
  readonly firstRetry: number;
  /** The longest delay before a retry of a connection; `firstRetry` or more. */
  readonly mostRetry: number;
  /** How long a hot connection may receive nothing from its indexer before it counts as lost (§11). */
  readonly silence: number;
  /**
   * How long a hot connection with unconfirmed entries may receive no confirmation before it counts as
   * lost. Each MiB of unconfirmed entries adds one second.
   */
  readonly confirmation: number;
}

/** A tag of the muxer: its number and its name. */
export interface TagName {
  readonly tag: MuxerTag;
  readonly name: string;
}

/** What the two sides of a hot connection have agreed on. */
export interface Session {
  /** The API version of the indexer (§2). */
  readonly indexerVersion: number;
  /** The local IP address of the connection; `::1` over a pipe. */
  readonly localAddress: string;
  readonly compression: CompressionName;
}

/** The name of a compression (§9). */
export type CompressionName = keyof typeof Compression;

/**
 * Why a connection failed or ended:
 * - `dial`: the indexer could not be reached, or the TLS handshake failed
 * - `certificate`: the certificate of the indexer or of this client was not accepted
 * - `authentication`: the indexer refused the secret or the tenant
 * - `tags`: the indexer refused the tag request, or its numbers contradict each other
 * - `version`: the API version of the indexer is too low
 * - `protocol`: the indexer sent something that the protocol does not allow
 * - `timeout`: a time limit passed
 * - `lost`: the connection ended
 * - `worker`: the worker thread of the lane ended
 */
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
