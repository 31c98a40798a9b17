import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { Changes } from './changes.js';

/** What a test does with the connections of a {@link HostileServer}, numbered from 0 on. */
export type Serve = (socket: Socket, number: number) => void;

/** A server that speaks no protocol: what is said on its connections is up to a test. */
export class HostileServer {
  /** Connections so far. */
  accepted = 0;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #changes = new Changes();

  private constructor(serve: Serve) {
    const options = { allowHalfOpen: true, noDelay: true };
    this.#server = createServer(options, (socket) => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
      serve(socket, this.accepted++);
      this.#changes.tell();
    });
  }

  /** Listens on a free port, until the test is finished. */
  static async listen(serve: Serve): Promise<HostileServer> {
    const server = new HostileServer(serve);
    onTestFinished(() => server.close());
    server.#server.listen(0, '127.0.0.1');
    await once(server.#server, 'listening');
    return server;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get address(): string {
    return `tcp://127.0.0.1:${this.port}`;
  }

  /** Waits for so many connections. */
  connections(count: number): Promise<void> {
    return this.#changes.until(`connection ${count}`, () => this.accepted >= count);
  }

  /** Stops listening and drops every connection. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }
}
