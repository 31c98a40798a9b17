/** What a listener takes. */
export type ListenKind = 'lines' | 'syslog' | 'http';

/** Where a listener listens. */
export interface ListenAddress {
  readonly transport: 'tcp' | 'udp' | 'tls';
  readonly host: string;
  readonly port: number;
}

/** A listener, as the flags say. */
export interface ListenChoice {
  readonly kind: ListenKind;
  readonly address: ListenAddress;
}

/** What senders may do, and how they are met. */
export interface ListenLimits {
  /** The most connections of one listener at the same time. */
  readonly maxConnections: number;
  /** Milliseconds after which a silent connection ends; 0: never. */
  readonly idleMs: number;
  /** The most bytes of a request, also when it was compressed. */
  readonly maxBodyBytes: number;
  /** The most bytes of all senders that are in memory at the same time. */
  readonly maxWaitingBytes: number;
}

/** All listeners. */
export interface ListenOptions extends ListenLimits {
  readonly listeners: readonly ListenChoice[];
  /** The paths of a certificate and its key, for TLS. */
  readonly certificate: { readonly cert: string; readonly key: string } | undefined;
  /** The path of a file with the token that HTTP requests must have; `undefined`: they need none. */
  readonly tokenFile: string | undefined;
}
