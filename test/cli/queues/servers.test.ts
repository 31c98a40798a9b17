import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { CertificateAuthority } from '@ringest/bench/shared';
import { describe, expect, it, onTestFinished } from 'vitest';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { natsOperator } from '../../support/nats-operator.js';
import { isNatsMissing, NatsServer } from '../../support/nats-server.js';
import { textsOf } from '../../support/shipping.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { eventually } from '../../support/waiting.js';
import { pull, send } from './natsd.js';

const withServer = it.skipIf(isNatsMissing);
const UNTIL_EMPTY = '--nats-until-empty';

describe('ringest ship --nats', () => {
  withServer(
    'waits for a server that is away, and ends with 1 when it is stopped by then',
    async () => {
      const server = await NatsServer.start();
      const connection = await server.stream();
      const indexer = await CollectingIndexer.start();
      await send(connection, [['events.a', 'one']]);
      await server.kill();
      const [first, second] = [pull(server, indexer), pull(server, indexer, UNTIL_EMPTY)];
      await first.says('stderr', /connection refused: waiting for it/);
      expect(await first.end('SIGTERM')).toBe(1);
      expect(first.stderr).toContain('nothing was read');
      await second.says('stderr', /waiting for it/);
      await server.start();
      expect(await second.end(), second.stderr).toBe(0);
      expect(textsOf(indexer)).toEqual(['one']);
    },
  );

  withServer('asks again when its server dies while it is asked', async () => {
    const server = await NatsServer.start();
    const connection = await server.stream();
    const indexer = await CollectingIndexer.start();
    await send(connection, [['events.a', 'one']]);
    let kills = 0;
    const between = await listenBetween(server.url, (request) => {
      if (kills > 0 || !request.includes('$JS.API.')) return true;
      kills++;
      void server.kill().then(() => server.start());
      return false;
    });
    const one = pull({ url: between }, indexer, UNTIL_EMPTY);
    expect(await one.end(), one.stderr).toBe(0);
    expect(kills).toBe(1);
    expect(one.stderr).toContain('the connection is lost: waiting for it');
    expect(textsOf(indexer)).toEqual(['one']);
  });

  withServer('ends with 0 at a signal while its server is away, if it has nothing', async () => {
    const server = await NatsServer.start();
    const connection = await server.stream();
    const indexer = await CollectingIndexer.start();
    await send(connection, [['events.a', 'one']]);
    const one = pull(server, indexer);
    const nothing = { toDeliver: 0, toAcknowledge: 0 };
    await eventually(async () => expect(await server.left(connection)).toEqual(nothing));
    await server.kill();
    await one.says('stderr', /the connection is lost/);
    expect(await one.end('SIGTERM'), one.stderr).toBe(0);
    expect(textsOf(indexer)).toEqual(['one']);
  });

  withServer('waits for JetStream, and says so', async () => {
    const server = await NatsServer.plain();
    const indexer = await CollectingIndexer.start();
    const one = pull(server, indexer, UNTIL_EMPTY);
    await one.says('stderr', /jetstream is not enabled: waiting for it/i);
    expect(await one.end('SIGTERM'), one.stderr).toBe(1);
  });

  withServer('shows its credentials', async () => {
    const folder = temporaryDirectory();
    const { config, creds } = natsOperator();
    writeFileSync(join(folder, 'config'), config);
    writeFileSync(join(folder, 'creds'), creds);
    const server = await NatsServer.start('-c', join(folder, 'config'));
    const indexer = await CollectingIndexer.start();
    const create = [UNTIL_EMPTY, '--nats-create', '--nats-subjects', 'events.>'];
    const known = pull(server, indexer, ...create, '--nats-creds', join(folder, 'creds'));
    expect(await known.end(), known.stderr).toBe(0);
    const unknown = pull(server, indexer, ...create);
    expect(await unknown.end()).toBe(3);
    expect(unknown.stderr).toMatch(/authorization/i);
  });

  withServer('shows its password, and asks for TLS', async () => {
    const folder = temporaryDirectory();
    const file = (name: string, text: string) => {
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    };
    const authority = await CertificateAuthority.create();
    const { cert, key } = await authority.issue({ hosts: ['127.0.0.1'] });
    const tls = ['--tls', '--tlscert', file('cert', cert), '--tlskey', file('key', key)];
    const server = await NatsServer.start('--user', 'me', '--pass', 'secret', ...tls);
    const indexer = await CollectingIndexer.start();
    const ca = [
      '--nats-ca',
      file('ca', authority.certificate),
      '--nats-create',
      '--nats-subjects',
      'events.>',
    ];
    const by = (user: string, password: string) => {
      const known = ['--nats-user', user, '--nats-password-file', file(password, `${password}\n`)];
      return pull(server, indexer, UNTIL_EMPTY, ...ca, ...known);
    };
    const [right, wrong] = [by('me', 'secret'), by('me', 'guess')];
    expect(await right.end(), right.stderr).toBe(0);
    expect(await wrong.end()).toBe(3);
    expect(wrong.stderr).toMatch(/authorization/i);
    const without = pull(server, indexer, '--nats-ca', '/no/such');
    expect(await without.end()).toBe(2);
    expect(without.stderr).toContain('--nats-ca /no/such: it cannot be read');
  });
});

/** The URL of a server between: it passes on what comes, and from the client only while `passes` says so. */
async function listenBetween(url: string, passes: (bytes: Buffer) => boolean): Promise<string> {
  const listener = createServer((client) => {
    const server = createConnection(Number(new URL(url).port), '127.0.0.1');
    client.on('data', (bytes: Buffer) => passes(bytes) && server.write(bytes));
    server.on('data', (bytes) => client.write(bytes));
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      one.on('error', () => {}).on('close', () => other.destroy());
    }
  });
  await once(listener.listen(0, '127.0.0.1'), 'listening');
  onTestFinished(() => void listener.close());
  return `nats://127.0.0.1:${(listener.address() as AddressInfo).port}`;
}
