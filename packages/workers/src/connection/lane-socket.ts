import type { Socket } from 'node:net';
import { ConnectionLoss } from '../connection-loss.js';
import { lossOf } from './loss-of.js';

/** Milliseconds in which an indexer must close its side of a connection that ends. */
const HANG_UP_TIMEOUT = 500;

/** The local address of a pipe. */
const PIPE_SOURCE = '::1';

/** The local address of a socket, as the source of entries that have none. A Unix socket has none (§1). */
export function localAddressOf(socket: Socket): string {
  // The zone of a link-local address has no place on the wire.
  const [address = ''] = (socket.localAddress ?? '').split('%');
  return address === '' ? PIPE_SOURCE : address;
}

/** Rejects when the socket fails or ends, or with the reason of the signal. */
export function endOf(socket: Socket, signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const aborted = () => reject(signal.reason);
    signal.addEventListener('abort', aborted);
    socket.on('error', (error) => reject(lossOf(error, 'lost')));
    socket.once('end', () =>
      reject(new ConnectionLoss('lost', 'the indexer closed the connection')),
    );
    socket.once('close', () => {
      signal.removeEventListener('abort', aborted);
      reject(new ConnectionLoss('lost', 'the connection is closed'));
    });
  });
}

/** Ends a socket. If it does not close in time, it is destroyed. Resolves when it is closed. */
export async function hangUp(socket: Socket): Promise<void> {
  if (socket.closed) return;
  const closed = new Promise((resolve) => socket.once('close', resolve));
  const timer = setTimeout(() => socket.destroy(), HANG_UP_TIMEOUT);
  socket.end();
  await closed;
  clearTimeout(timer);
}
