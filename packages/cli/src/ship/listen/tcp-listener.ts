import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { InputError } from '../../errors.js';
import type { EntryStream } from '../entries/entry-account.js';
import { whenRoom } from '../when-room.js';
import type { ListenAddress } from './listen-options.js';
import { addressText, type Listener, type ListenHost, senderOf } from './listener.js';

/** A certificate and its key, in PEM. */
export interface Certificate {
  readonly cert: Buffer;
  readonly key: Buffer;
}

/** Takes streams of bytes by TCP or TLS. A sender waits while there is no room. */
export class TcpListener implements Listener {
  readonly #server: Server;
  readonly #scheme: string;
  readonly #host: ListenHost;
  readonly #open: (sender: string | undefined) => EntryStream;
  readonly #connections = new Map<Socket, Promise<void>>();

  private constructor(
    certificate: Certificate | undefined,
    host: ListenHost,
    open: (sender: string | undefined) => EntryStream,
  ) {
    const accept = (socket: Socket) => this.#accept(socket);
    this.#server =
      certificate === undefined ? createServer(accept) : createTlsServer(certificate, accept);
    this.#scheme = certificate === undefined ? 'tcp' : 'tls';
    this.#server.maxConnections = host.limits.maxConnections;
    this.#server.on('drop', () => host.say(`ringest: ${this.address}: too many connections`));
    // A client that does not speak TLS harms nobody else.
    this.#server.on('tlsClientError', () => {});
    this.#host = host;
    this.#open = open;
  }

  /**
   * Listens.
   * @param open what takes the bytes of a connection
   * @throws what the system says of the address
   */
  static async listen(
    { host: name, port }: ListenAddress,
    certificate: Certificate | undefined,
    host: ListenHost,
    open: (sender: string | undefined) => EntryStream,
  ): Promise<TcpListener> {
    const listener = new TcpListener(certificate, host, open);
    listener.#server.listen(port, name);
    await once(listener.#server, 'listening');
    return listener;
  }

  get address(): string {
    const { address, port } = this.#server.address() as AddressInfo;
    return addressText(this.#scheme, address, port);
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#connections.keys()) socket.destroy();
    await Promise.all(this.#connections.values());
  }

  #accept(socket: Socket): void {
    const { account, failed, say } = this.#host;
    socket.on('timeout', () => socket.destroy());
    // It ends the reading, and the sender knows it.
    socket.on('error', () => {});
    const sender = senderOf(socket.remoteAddress);
    const stream = this.#open(sender);
    account.add(stream);
    const work = this.#read(socket, stream)
      .catch((error: Error) => {
        if (!(error instanceof InputError)) return failed(error);
        // It is about what this sender has sent.
        say(`ringest: ${sender}: ${error.message}`);
        socket.destroy();
      })
      .finally(() => {
        account.close(stream);
        this.#connections.delete(socket);
      });
    this.#connections.set(socket, work);
  }

  async #read(socket: Socket, stream: EntryStream): Promise<void> {
    const { limits, account } = this.#host;
    const chunks: AsyncIterator<Buffer> = socket[Symbol.asyncIterator]();
    // A connection that breaks is the sender's affair: what has come is shipped.
    const next = () => {
      socket.setTimeout(limits.idleMs);
      return chunks.next().catch(() => ({ done: true }) as IteratorReturnResult<undefined>);
    };
    const write = async (chunk: Buffer) => {
      // A sender is not silent while nothing is read from it.
      socket.setTimeout(0);
      account.bytes += chunk.length;
      await whenRoom(() => stream.write(chunk));
    };
    for (let chunk = await next(); !chunk.done; chunk = await next()) await write(chunk.value);
    // What had come by the time the connection broke.
    const rest: Buffer | null = socket.read();
    if (rest !== null) await write(rest);
    socket.destroy();
    await whenRoom(() => stream.end());
  }
}
