import type { Duplex } from 'node:stream';

/** How long a peer that does not end its half keeps a stream that is being ended. */
const LINGER_MS = 2000;

/**
 * Ends a stream whose peer is not listened to any more: what was written still goes out, what still
 * comes in is dropped, and nothing that happens to the stream matters. To destroy it at once would
 * reset the connection, and the peer could lose what it has not read.
 */
export function endStream(stream: Duplex): void {
  stream.on('error', () => {});
  if (stream.destroyed) return;
  const timer = setTimeout(() => stream.destroy(), LINGER_MS);
  stream.once('close', () => clearTimeout(timer));
  stream.resume();
  stream.end();
}
