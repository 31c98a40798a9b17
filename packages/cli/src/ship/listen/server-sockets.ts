import type { AddressInfo, Server, Socket } from 'node:net';
import { addressText, type ListenHost } from './listener.js';
import { Notice } from './notice.js';

/** How long a client may take to begin TLS. */
export const HANDSHAKE_MS = 10_000;

/** The sockets of a server, whatever they speak by now, and what is wrong with those that it cannot take. */
export class ServerSockets {
  /** Where the server listens, or did so. */
  address = '';
  readonly #sockets = new Set<Socket>();

  constructor(server: Server, scheme: string, { limits, listening, say }: ListenHost) {
    const refused = new Notice(say);
    const failed = new Notice(say);
    server.maxConnections = limits.maxConnections;
    server.once('listening', () => {
      const { address, port } = server.address() as AddressInfo;
      this.address = addressText(scheme, address, port);
    });
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
    });
    server.on('drop', () => {
      listening.refusedConnections++;
      refused.tell(`${this.address}: too many connections (--max-connections)`);
    });
    // Such as too many open files: the others go on, and so does the server.
    server.on('error', (error) => {
      if (server.listening) failed.tell(`${this.address}: ${error.message}`);
    });
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }
}
