import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:tls';
import { CertificateAuthority } from '@ringest/bench/shared';
import { expect, it } from 'vitest';
import { int16, int32, scriptedBroker, text } from '../../support/scripted-broker.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { publishPipe } from './kafkad.js';

const SASL_HANDSHAKE = 17;
const SASL_AUTHENTICATE = 36;
const AUTHENTICATION_FAILED = 58;

it('ringest ship --to kafka:// shows its password by TLS, and only to those who are vouched for', async () => {
  const folder = temporaryDirectory();
  const file = (name: string, content: string) => {
    writeFileSync(join(folder, name), content);
    return join(folder, name);
  };
  const authority = await CertificateAuthority.create();
  const { cert, key } = await authority.issue({ hosts: ['127.0.0.1'] });
  const credentials: string[] = [];
  // It listens to who it is, and refuses everybody.
  const port = await scriptedBroker(
    [
      [SASL_HANDSHAKE, 0, 1],
      [SASL_AUTHENTICATE, 0, 0],
    ],
    ({ kind, body }) => {
      if (kind === SASL_HANDSHAKE) return Buffer.concat([int16(0), int32(1), text('PLAIN')]);
      credentials.push(body.subarray(4).toString());
      return Buffer.concat([int16(AUTHENTICATION_FAILED), text('go away'), int32(0)]);
    },
    (listener) => createServer({ cert, key }, listener).on('tlsClientError', () => {}),
  );
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
