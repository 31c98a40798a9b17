import type { Socket } from 'node:net';
import { formatAddress } from './address.js';

/** After how much silence TCP checks that the ingester is still there, in milliseconds (§1). */
const KEEP_ALIVE_MS = 2000;

/** The options of all accepted sockets. */
export const SOCKET_OPTIONS = {
  // An ingester may end its side first and still wait for its last confirmations.
  allowHalfOpen: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_MS,
  noDelay: true,
} as const;

/** A connection that was accepted. */
export interface Arrival {
  /** The connection itself, with or without TLS. The receiver may destroy it, but must not read it. */
  readonly socket: Socket;
  /** `host:port` of the ingester; the path for one that came through a pipe. */
  readonly peer: string;
  /**
   * The stream of the protocol: the socket itself, or TLS on it once the TLS handshake is done.
   * Rejected with a {@link TlsHandshakeError} or an {@link IngesterTimeoutError} if it fails.
   */
  readonly stream: Promise<Socket>;
}

/** The events of a `Listener`. */
export interface ListenerEvents {
  /** Called with each connection, in the turn of the event loop in which it was accepted. */
  accepted(arrival: Arrival): void;
  /** Called when connections cannot be accepted, for example because too many files are open. */
  failed(error: Error): void;
}

/** Returns the ingester's address as `host:port`. */
export function peerOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return formatAddress(remoteAddress, remotePort);
}
