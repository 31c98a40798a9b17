import { connect, isIP, type OnReadOpts, type Socket } from 'node:net';
import { type ConnectionOptions, checkServerIdentity, connect as connectSecurely } from 'node:tls';
import type { LaneTask, TlsTrust, Transport } from './boundary.js';
import { deadline } from './deadline.js';
import { guessOfClient, lossOf } from './loss-of.js';
import { Lost } from './lost.js';

const KEEP_ALIVE_DELAY = 2000;

/** Where a socket's bytes go: always into `buffer`, and `received` is told how many. */
export interface Receiver {
  readonly buffer: Uint8Array;
  received(bytes: number): void;
}

/**
 * Connects a socket that reads into one reusable buffer (§1).
 * @throws {Lost} refused, unreachable, not trusted, or not connected in time; the signal's reason
 *   when aborted
 */
export function dial(
  { endpoint, credentials, times }: Pick<LaneTask, 'endpoint' | 'credentials' | 'times'>,
  receiver: Receiver,
  signal: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    signal.throwIfAborted();
    const { transport } = endpoint;
    const socket = open(transport, credentials.tls, {
      buffer: receiver.buffer,
      callback: (bytes) => {
        receiver.received(bytes);
        return true;
      },
    });
    const fail = (error: unknown) => {
      settle();
      socket.on('error', () => {});
      socket.destroy();
      reject(error);
    };
    let isConnected = false;
    const onError = (error: Error) => {
      const loss = lossOf(error, 'dial');
      const isGuess = isConnected && loss.reason === 'dial' && credentials.tls.client !== undefined;
      fail(isGuess ? guessOfClient(loss) : loss);
    };
    const onClose = () => fail(new Lost('dial', 'the indexer closed the connection'));
    const onAbort = () => fail(signal.reason);
    const failIn = (milliseconds: number, missing: string) => {
      const text = `not ${missing} within ${milliseconds} ms`;
      return deadline(milliseconds, () => fail(new Lost('timeout', text)));
    };
    let callOff = failIn(times.dial, 'connected');
    const settle = () => {
      callOff();
      signal.removeEventListener('abort', onAbort);
      socket.off('error', onError);
      socket.off('close', onClose);
    };
    const done = () => {
      settle();
      resolve(socket);
    };
    signal.addEventListener('abort', onAbort);
    socket.once('error', onError);
    socket.once('close', onClose);
    socket.once('connect', () => {
      isConnected = true;
      if (transport.kind !== 'tls') return done();
      callOff();
      callOff = failIn(times.tls, 'secure');
      socket.once('secureConnect', done);
    });
  });
}

function open(transport: Transport, tls: TlsTrust, onread: OnReadOpts): Socket {
  if (transport.kind === 'pipe') return connect({ path: transport.path, onread });
  const { kind, host, port } = transport;
  const where = { host, port, onread };
  const socket =
    kind === 'tcp' ? connect(where) : connectSecurely({ ...where, ...trust(host, tls) });
  socket.setNoDelay(true);
  socket.setKeepAlive(true, KEEP_ALIVE_DELAY);
  return socket;
}

/** An IP address may be in a certificate, but not in the name that TLS sends beforehand. */
function trust(host: string, tls: TlsTrust): ConnectionOptions {
  const { ca, client, servername, insecureSkipVerify } = tls;
  const name = servername ?? host;
  return {
    minVersion: 'TLSv1.2',
    servername: isIP(name) === 0 ? name : '',
    checkServerIdentity: (_host, certificate) => checkServerIdentity(name, certificate),
    rejectUnauthorized: !insecureSkipVerify,
    ...(ca && { ca: [...ca] }),
    ...client,
  };
}
