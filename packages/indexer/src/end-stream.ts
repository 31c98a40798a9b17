import type { Duplex } from 'node:stream';

/** How long the peer has to end its half of a stream, before the stream is destroyed. */
const LINGER_MS = 2000;

/**
 * Ends a stream: what was written is still sent, what arrives is dropped, and errors are ignored.
 * Destroying it at once would reset the connection, and the peer could lose what it has not read.
 */
export function endStream(stream: Duplex): void {
  stream.on('error', () => {});
  if (stream.destroyed) return;
  const timer = setTimeout(() => stream.destroy(), LINGER_MS);
  stream.once('close', () => clearTimeout(timer));
  stream.resume();
  stream.end();
}
