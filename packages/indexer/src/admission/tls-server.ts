import type { Socket } from 'node:net';
import { createServer, type SecureContextOptions, type Server, type TLSSocket } from 'node:tls';
import type { RingestError } from '@ringest/codec';
import { IngesterTimeoutError, TlsHandshakeError } from '../errors.js';
import { type ListenerEvents, peerOf, SOCKET_OPTIONS } from './arrival.js';
import { HANDSHAKE_TIMEOUT_MS, TOO_SLOW } from './handshake.js';
import type { IndexerTls } from './tls-material.js';

const NO_CERTIFICATE = 'ERR_SSL_PEER_DID_NOT_RETURN_A_CERTIFICATE';

/** Makes a TLS server. It reports each connection before its handshake, with a promise for the outcome. */
export function createTlsServer(tls: IndexerTls, events: ListenerEvents): Server {
  const { ca } = tls;
  // Node.js does not show which connection a TLS socket belongs to.
  const handshakes = new Map<string | undefined, Handshake>();
  // A TLS socket that was destroyed has lost its addresses; its connection was closed just before.
  let closing: Handshake | undefined;
  const server = createServer({
    ...SOCKET_OPTIONS,
    ...contextOf(tls),
    ...{ requestCert: ca !== undefined, rejectUnauthorized: ca !== undefined },
  });
  server.on('connection', (socket: Socket) => {
    const ends = endsOf(socket);
    const stream = new Promise<Socket>((resolve, reject) => {
      // The time limit of Node.js begins anew with every byte.
      const timer = setTimeout(() => {
        handshake.failed(new IngesterTimeoutError(TOO_SLOW, HANDSHAKE_TIMEOUT_MS));
        socket.destroy();
      }, HANDSHAKE_TIMEOUT_MS);
      const handshake: Handshake = {
        done(stream) {
          clearTimeout(timer);
          resolve(stream);
        },
        failed(error) {
          clearTimeout(timer);
          reject(error);
        },
      };
      if (ends !== undefined) handshakes.set(ends, handshake);
      socket.once('close', () => {
        // Another connection may have the same ends by now.
        if (handshakes.get(ends) === handshake) handshakes.delete(ends);
        closing = handshake;
        // An event with a more exact error may come first.
        setImmediate(() => handshake.failed(new TlsHandshakeError('the connection has ended')));
      });
    });
    events.accepted({ socket, peer: peerOf(socket), stream });
  });
  server.on('secureConnection', (socket: TLSSocket) => {
    const handshake = handshakes.get(endsOf(socket));
    if (handshake === undefined) socket.on('error', () => {}).destroy();
    else handshake.done(socket);
  });
  server.on('tlsClientError', (error, socket) => {
    const handshake = handshakes.get(endsOf(socket)) ?? closing;
    // Not as a `cause`: a log would show its message a second time.
    handshake?.failed(new TlsHandshakeError(problemOf(error, socket)));
    // Node.js leaves it open after some errors.
    socket.destroy();
  });
  return server;
}

/** What each handshake uses; it can change while the server listens. */
export function contextOf({ cert, key, ca }: IndexerTls): SecureContextOptions {
  return { cert, key, ca, minVersion: 'TLSv1.2' };
}

interface Handshake {
  done(stream: Socket): void;
  failed(error: RingestError): void;
}

function problemOf(error: NodeJS.ErrnoException, { authorizationError }: TLSSocket): string {
  if (authorizationError) return `the certificate is not accepted, ${authorizationError}`;
  return error.code === NO_CERTIFICATE ? 'the ingester has no certificate' : error.message;
}

/** The addresses of both ends of a connection; `undefined`: it was reset. */
function endsOf({ localAddress, localPort, remoteAddress, remotePort }: Socket) {
  if (remotePort === undefined) return undefined;
  return `${localAddress} ${localPort} ${remoteAddress} ${remotePort}`;
}
