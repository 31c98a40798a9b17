import type { Socket } from 'node:net';
import { formatAddress } from './address.js';

/** How soon TCP looks whether a silent ingester is still there (§1). */
const KEEP_ALIVE_MS = 2000;

/** How sockets are to be that are accepted, whatever they are of. */
export const SOCKET_OPTIONS = {
  // An ingester may end its half first and still wait for its last confirmations.
  allowHalfOpen: true,
  keepAlive: true,
  keepAliveInitialDelay: KEEP_ALIVE_MS,
  noDelay: true,
} as const;

/** A connection that was accepted. */
export interface Arrival {
  /** The connection itself, TLS or not. Only to be destroyed. */
  readonly socket: Socket;
  /** `host:port` of the ingester; the path for one that came through a pipe. */
  readonly peer: string;
  /**
   * What the two sides talk through: the same, or the TLS on it once its handshake is done.
   * Rejected with a {@link TlsHandshakeError} or an {@link IngesterTimeoutError} if it fails.
   */
  readonly stream: Promise<Socket>;
}

/** What a `Listener` tells about. */
export interface ListenerEvents {
  /** Takes a connection, in the turn in which it was accepted. */
  accepted(arrival: Arrival): void;
  /** Connections cannot be taken at the moment, for example because too many files are open. */
  failed(error: Error): void;
}

/** `host:port` of the ingester. */
export function peerOf({ remoteAddress = '', remotePort = 0 }: Socket): string {
  return formatAddress(remoteAddress, remotePort);
}
