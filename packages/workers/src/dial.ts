import { connect, type Socket } from 'node:net';
import type { Endpoint } from './boundary.js';
import { Lost } from './lost.js';

const KEEP_ALIVE_DELAY = 2000;

/** Where a socket's bytes go: always into `buffer`, and `received` is told how many. */
export interface Receiver {
  readonly buffer: Uint8Array;
  received(bytes: number): void;
}

/**
 * Connects a socket that reads into one reusable buffer (§1).
 * @param timeout milliseconds
 * @throws {Lost} refused, unreachable, or not connected in time; the signal's reason when aborted
 */
export function dial(
  endpoint: Endpoint,
  receiver: Receiver,
  timeout: number,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const { host, port } = endpoint.transport;
    const socket = connect({
      host,
      port,
      noDelay: true,
      keepAlive: true,
      keepAliveInitialDelay: KEEP_ALIVE_DELAY,
      onread: {
        buffer: receiver.buffer,
        callback: (bytes) => {
          receiver.received(bytes);
          return true;
        },
      },
    });
    const fail = (error: unknown) => {
      settle();
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    const onError = (error: Error) => fail(new Lost('dial', describe(error), { cause: error }));
    const onAbort = () => fail(signal.reason);
    const timer = setTimeout(
      () => fail(new Lost('timeout', `not connected within ${timeout} ms`)),
      timeout,
    );
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
    };
    signal.addEventListener('abort', onAbort);
    socket.once('error', onError);
    socket.once('connect', () => {
      settle();
      resolve(socket);
    });
  });
}

/** A host with several addresses fails with an error a try; its own message is empty. */
function describe(error: Error): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map((one: Error) => one.message).join('; ');
  }
  return error.message;
}
