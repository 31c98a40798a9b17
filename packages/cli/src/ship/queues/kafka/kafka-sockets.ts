import { connect, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { ISocketFactory } from 'kafkajs';

/** A silent connection is looked after so often, in milliseconds, as kafkajs does itself. */
const KEEP_ALIVE_MS = 60_000;

/**
 * The connections of a client. kafkajs closes a connection only once every request on it is answered, which the join of
 * a group that changes is after minutes.
 */
export class KafkaSockets {
  readonly #open = new Set<Socket>();
  #isClosed = false;

  /** No more connections are made. */
  get isClosed(): boolean {
    return this.#isClosed;
  }

  readonly make: ISocketFactory = ({ host, port, ssl, onConnect }) => {
    if (this.#isClosed) throw new Error('this process ends');
    const name = isIP(host) === 0 ? { servername: host } : {};
    const socket = ssl
      ? connectTls({ host, port, ...name, ...ssl }, onConnect)
      : connect({ host, port }, onConnect);
    socket.setKeepAlive(true, KEEP_ALIVE_MS);
    this.#open.add(socket);
    socket.once('close', () => this.#open.delete(socket));
    return socket;
  };

  /** Closes all of them. What waits for an answer fails. */
  close(): void {
    this.#isClosed = true;
    for (const socket of this.#open) socket.destroy(new Error('this process ends'));
  }
}
