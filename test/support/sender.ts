import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';

/**
 * A connection by TCP, which is gone when the test is finished. The other end may reset it at any time: it ends
 * while bytes are under way.
 */
export function connectSender(port: number): Socket {
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  onTestFinished(() => {
    socket.destroy();
  });
  return socket;
}

/** Resolves once a connection is closed, by whichever end. */
export function closed(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    socket.once('close', () => resolve());
  });
}
