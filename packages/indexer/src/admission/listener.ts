import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import type { Server as TlsServer } from 'node:tls';
import { ListenError } from '../errors.js';
import { formatListenAddress, type ListenAddress, type PortAddress } from './address.js';
import { type ListenerEvents, peerOf, SOCKET_OPTIONS } from './arrival.js';
import { listenOnPipe } from './pipe.js';
import type { IndexerTls } from './tls-material.js';
import { contextOf, createTlsServer } from './tls-server.js';

const LISTEN_PROBLEMS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'the port is in use: choose another one',
  EADDRNOTAVAIL: 'this machine does not have the address: use one of its own',
  EACCES: 'permission denied: choose a port over 1023',
  ENOTFOUND: 'the host name cannot be resolved: check its spelling',
};

/** Listens on one address. */
export class Listener {
  readonly #configured: ListenAddress;
  readonly #server: Server;
  /** The same server, if it is one of TLS. */
  readonly #tlsServer: TlsServer | undefined;

  /** @param tls certificate and key as PEM texts, required for a `tls://` address. */
  constructor(address: ListenAddress, tls: IndexerTls | undefined, events: ListenerEvents) {
    this.#configured = address;
    const isTls = address.scheme === 'tls' && tls !== undefined;
    this.#tlsServer = isTls ? createTlsServer(tls, events) : undefined;
    this.#server = this.#tlsServer ?? createPlainServer(address, events);
    this.#server.on('error', (error) => {
      if (this.#server.listening) events.failed(error);
    });
  }

  /** Where it listens, with the actual port. */
  get address(): string {
    const bound = this.#server.address();
    if (this.#configured.scheme === 'pipe' || bound === null || typeof bound === 'string') {
      return formatListenAddress(this.#configured);
    }
    const { address, port } = bound satisfies AddressInfo;
    return formatListenAddress({ scheme: this.#configured.scheme, host: address, port });
  }

  /** @throws {ListenError} if the address cannot be had. */
  async open(): Promise<void> {
    const address = this.#configured;
    if (address.scheme === 'pipe') await listenOnPipe(this.#server, address);
    else await listenOnPort(this.#server, address);
  }

  /** Uses another certificate and key for connections from now on, if it listens with TLS. */
  renew(tls: IndexerTls): void {
    this.#tlsServer?.setSecureContext(contextOf(tls));
  }

  /** Stops listening, and waits until all its connections have ended. */
  close(): Promise<void> {
    // A server that never listened calls back with an error, which does not matter here.
    return new Promise((resolve) => this.#server.close(() => resolve()));
  }
}

async function listenOnPort(server: Server, { scheme, host, port }: PortAddress): Promise<void> {
  try {
    server.listen(port, host);
    await once(server, 'listening');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    const address = formatListenAddress({ scheme, host, port });
    throw new ListenError(address, LISTEN_PROBLEMS[code] ?? message, { cause: error });
  }
}

function createPlainServer(address: ListenAddress, events: ListenerEvents): Server {
  return createServer(SOCKET_OPTIONS, (socket) => {
    const peer = address.scheme === 'pipe' ? address.path : peerOf(socket);
    events.accepted({ socket, peer, stream: Promise.resolve(socket) });
  });
}
