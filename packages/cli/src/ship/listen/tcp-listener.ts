import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import { whenRoom } from '@ringest/queues';
import { InputError } from '../../errors.js';
import type { EntryStream } from '../entries/entry-account.js';
import type { Credentials } from './credentials.js';
import type { ListenAddress } from './listen-options.js';
import { type Listener, type ListenHost, senderOf } from './listener.js';
import { Notice } from './notice.js';
import { HANDSHAKE_MS, ServerSockets } from './server-sockets.js';
import { CHUNK_BYTES, type HeldStream } from './stream-room.js';

/** A connection, and what takes its bytes. */
interface Connection {
  readonly socket: Socket;
  readonly stream: EntryStream;
  readonly held: HeldStream;
}

/** Takes streams of bytes by TCP or TLS. A sender waits while there is no room. */
export class TcpListener implements Listener {
  readonly #server: Server;
  readonly #tls: TlsServer | undefined;
  readonly #sockets: ServerSockets;
  readonly #host: ListenHost;
  readonly #open: (sender: string | undefined) => EntryStream;
  readonly #cut: Notice;
  readonly #invalid: Notice;
  readonly #work = new Set<Promise<void>>();

  private constructor(
    { certificate }: Credentials,
    hasTls: boolean,
    host: ListenHost,
    open: (sender: string | undefined) => EntryStream,
  ) {
    const accept = (socket: Socket) => this.#accept(socket);
    const options = { ...certificate, handshakeTimeout: HANDSHAKE_MS };
    this.#tls = hasTls ? createTlsServer(options, accept) : undefined;
    this.#server = this.#tls ?? createServer(accept);
    this.#sockets = new ServerSockets(this.#server, hasTls ? 'tls' : 'tcp', host);
    // A client that does not speak TLS harms nobody else.
    this.#server.on('tlsClientError', () => {});
    this.#host = host;
    this.#open = open;
    this.#cut = new Notice(host.say);
    this.#invalid = new Notice(host.say);
  }

  /**
   * Listens.
   * @param open what takes the bytes of a connection
   * @throws what the system says of the address
   */
  static async listen(
    { host: name, port, transport }: ListenAddress,
    credentials: Credentials,
    host: ListenHost,
    open: (sender: string | undefined) => EntryStream,
  ): Promise<TcpListener> {
    const listener = new TcpListener(credentials, transport === 'tls', host, open);
    listener.#server.listen(port, name);
    await once(listener.#server, 'listening');
    return listener;
  }

  get address(): string {
    return this.#sockets.address;
  }

  renew({ certificate }: Credentials): void {
    if (certificate !== undefined) this.#tls?.setSecureContext(certificate);
  }

  async close(): Promise<void> {
    this.#server.close();
    this.#sockets.destroy();
    await Promise.all(this.#work);
  }

  #accept(socket: Socket): void {
    const { account, failed, listening } = this.#host;
    const sender = senderOf(socket.remoteAddress);
    socket.on('timeout', () => socket.destroy());
    // It ends the reading, and the sender knows it.
    socket.on('error', () => {});
    const stream = this.#open(sender);
    const held = listening.streams.open(() => {
      this.#cut.tell(
        `${this.address}: a connection of ${sender} was closed: its unfinished line was the longest while --max-waiting was used up`,
      );
      socket.destroy();
    });
    account.add(stream);
    const work = this.#read({ socket, stream, held })
      .catch((error: Error) => {
        if (!(error instanceof InputError)) return failed(error);
        // It is about what this sender has sent.
        this.#invalid.tell(`${this.address}: ${sender}: ${error.message}`);
        socket.destroy();
      })
      .finally(() => {
        held.close();
        account.close(stream);
        this.#work.delete(work);
      });
    this.#work.add(work);
  }

  async #read(connection: Connection): Promise<void> {
    const { socket, stream } = connection;
    const chunks: AsyncIterator<Buffer> = socket[Symbol.asyncIterator]();
    // A connection that breaks is the sender's affair: what has come is shipped.
    const next = () => {
      socket.setTimeout(this.#host.limits.idleMs);
      return chunks.next().catch(() => ({ done: true }) as IteratorReturnResult<undefined>);
    };
    for (let chunk = await next(); !chunk.done; chunk = await next()) {
      await this.#write(connection, chunk.value);
    }
    // What had come by the time the connection broke.
    const rest: Buffer | null = socket.read();
    if (rest !== null) await this.#write(connection, rest);
    socket.destroy();
    await whenRoom(() => stream.end());
  }

  async #write({ socket, stream, held }: Connection, bytes: Buffer): Promise<void> {
    // A sender is not silent while nothing is read from it.
    socket.setTimeout(0);
    const { account, streams } = this.#host;
    for (let at = 0; at < bytes.length; at += CHUNK_BYTES) {
      const chunk = bytes.subarray(at, at + CHUNK_BYTES);
      // Of a connection that was cut nothing more is taken, as of what the system has of it.
      if (!(await held.take(chunk.length))) return;
      account.bytes += chunk.length;
      await whenRoom(() => stream.write(chunk));
      // Of a record that is too long nobody keeps more.
      const kept = Math.min(stream.stats().unfinishedBytes, streams.maxBytes + CHUNK_BYTES);
      held.written(kept);
    }
  }
}
