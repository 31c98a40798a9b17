import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createServer, type TLSSocket } from 'node:tls';
import { CertificateAuthority } from '@ringest/bench/shared';
import { expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { publishPipe } from './kafkad.js';

const API_VERSIONS = 18;
const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;
const AUTHENTICATION_FAILED = 58;

const int16 = (value: number) => Buffer.of(value >> 8, value & 255);
const int32 = (value: number) => Buffer.of(0, 0, value >> 8, value & 255);
const text = (value: string) => Buffer.concat([int16(value.length), Buffer.from(value)]);

/** A broker that listens to who it is, and refuses everybody. */
function refuseAll(socket: TLSSocket, said: (credentials: string) => void): void {
  let rest = Buffer.alloc(0);
  socket.on('error', () => {});
  socket.on('data', (bytes) => {
    rest = Buffer.concat([rest, bytes]);
    while (rest.length >= 4 && rest.length >= 4 + rest.readInt32BE()) {
      const request = rest.subarray(4, 4 + rest.readInt32BE());
      rest = rest.subarray(4 + request.length);
      const body = answer(request, said);
      const reply = Buffer.concat([request.subarray(4, 8), body]);
      socket.write(Buffer.concat([int32(reply.length), reply]));
    }
  });
}

function answer(request: Buffer, said: (credentials: string) => void): Buffer {
  const [kind, version] = [request.readInt16BE(0), request.readInt16BE(2)];
  if (kind === API_VERSIONS) {
    const known = [
      [API_VERSIONS, 0, 2],
      [SASL_HANDSHAKE, 0, 1],
      [SASL_AUTHENTICATE, 0, 0],
    ].flatMap((api) => api.map(int16));
    const throttle = version > 0 ? [int32(0)] : [];
    return Buffer.concat([int16(0), int32(3), ...known, ...throttle]);
  }
  if (kind === SASL_HANDSHAKE) return Buffer.concat([int16(0), int32(1), text('PLAIN')]);
  const start = 10 + request.readInt16BE(8) + 4;
  said(request.subarray(start).toString());
  return Buffer.concat([int16(AUTHENTICATION_FAILED), text('go away'), int32(0)]);
}

it('ringest ship --to kafka:// shows its password by TLS, and only to those who are vouched for', async () => {
  const folder = temporaryDirectory();
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const authority = await CertificateAuthority.create();
  const { cert, key } = await authority.issue({ hosts: ['127.0.0.1'] });
  const credentials: string[] = [];
  const server = createServer({ cert, key }, (socket) =>
    refuseAll(socket, (said) => credentials.push(said)),
  );
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const who = ['--kafka-user', 'me', '--kafka-password-file', file('password', 'secret\n')];
  const plain = [...who, '--kafka-sasl', 'plain'];
  const unknown = publishPipe(`127.0.0.1:${port}`, ...plain, '--kafka-tls');
  expect(await unknown.end(), unknown.stderr).toBe(3);
  expect(unknown.stderr).toMatch(/certificate/);
  expect(credentials).toEqual([]);
  const known = publishPipe(
    `127.0.0.1:${port}`,
    ...plain,
    '--kafka-ca',
    file('ca', authority.certificate),
  );
  expect(await known.end(), known.stderr).toBe(3);
  expect(known.stderr).toMatch(/go away/);
  expect(credentials).toEqual(['\0me\0secret']);
});
