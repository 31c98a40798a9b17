import { once } from 'node:events';
import { connect } from 'node:net';
import { CertificateAuthority } from '@ringest/bench/shared';
import {
  answerChallenge,
  encodeChallengeResponse,
  encodePing,
  encodeState,
  encodeTagRequest,
  hashSecret,
  MAX_TAGS,
  State,
} from '@ringest/codec';
import { InvalidOptionError } from '@ringest/indexer';
import { beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { IngesterClient } from '../support/ingester-client.js';
import { lightChallenges } from '../support/light-challenges.js';
import { type LogLine, newIndexer, startIndexer } from '../support/listening.js';
import { SECRET } from '../support/muxer.js';
import { eventually } from '../support/waiting.js';

const HOT = encodeState({ id: State.hot, info: '' });

async function open(address: string): Promise<IngesterClient> {
  const client = await IngesterClient.connect(address);
  onTestFinished(() => client.destroy());
  return client;
}

/** A connection that was challenged, and says nothing. */
async function openSilent(address: string): Promise<IngesterClient> {
  const client = await open(address);
  await client.expect('challenge');
  return client;
}

async function openHot(address: string): Promise<IngesterClient> {
  const { client } = await IngesterClient.hot(address, SECRET, ['test']);
  onTestFinished(() => client.destroy());
  return client;
}

function losses(logs: readonly LogLine[]): (string | undefined)[] {
  return logs.flatMap(({ err }) => (err === undefined ? [] : [err.type]));
}

describe('connections that are not authenticated', () => {
  it.each([0, 1.5, Number.NaN, -1])('cannot be limited to %d', (maxUnauthenticated) => {
    expect(() => newIndexer({ maxUnauthenticated })).toThrow(InvalidOptionError);
  });

  it('are limited in number: the one that has waited longest is dropped', async () => {
    const { address, logs } = await startIndexer({ maxUnauthenticated: 3 });
    const clients: IngesterClient[] = [];
    for (let i = 0; i < 5; i++) clients.push(await openSilent(address));
    expect(await clients[0]?.next()).toBeUndefined();
    expect(await clients[1]?.next()).toBeUndefined();
    await eventually(() => expect(losses(logs)).toEqual(['CrowdedOutError', 'CrowdedOutError']));
    for (const client of clients.slice(2)) {
      client.write(Buffer.alloc(32));
      expect(await client.expect('state')).toMatchObject({ id: State.notAuthenticated });
    }
  });

  it('make room when they are authenticated or gone', async () => {
    const { address, logs } = await startIndexer({ maxUnauthenticated: 1 });
    for (let i = 0; i < 3; i++) await openHot(address);
    const silent = await openSilent(address);
    silent.destroy();
    await eventually(() => expect(losses(logs)).toEqual(['ConnectionLostError']));
    const client = await openHot(address);
    client.write(encodePing());
    await client.expect('pong');
    expect(losses(logs)).toEqual(['ConnectionLostError']);
  });

  it('that say nothing do not shut out an ingester that answers at once', async () => {
    const { indexer, address } = await startIndexer({ maxUnauthenticated: 4 });
    const { host, port } = { host: '127.0.0.1', port: Number(new URL(address).port) };
    let flooding = true;
    const flood = async () => {
      while (flooding) {
        const socket = connect({ host, port }).on('error', () => {});
        await Promise.race([once(socket, 'data'), once(socket, 'close')]).catch(() => {});
        onTestFinished(() => {
          socket.destroy();
        });
      }
    };
    const floods = [flood(), flood()];
    for (let i = 0; i < 5; i++) await openHot(address);
    flooding = false;
    await Promise.all(floods);
    expect(indexer.stats().connections).toBe(5);
  });

  it('are not dropped while their answers are checked, as long as others say nothing', async () => {
    const { address, logs } = await startIndexer({ maxUnauthenticated: 2 });
    const answering = await open(address);
    await answering.authenticate(SECRET);
    // The indexer has the answer before the others come: it is the older connection.
    for (let i = 0; i < 4; i++) await openSilent(address);
    expect(await answering.expect('state')).toMatchObject({ id: State.authenticated });
    expect(new Set(losses(logs))).toEqual(new Set(['CrowdedOutError']));
  });

  it('are counted from the first byte of TLS on', async () => {
    const authority = await CertificateAuthority.create();
    const tls = await authority.issue({ hosts: ['127.0.0.1'] });
    const listen = 'tls://127.0.0.1:0';
    const { address, logs } = await startIndexer({ listen, tls, maxUnauthenticated: 2 });
    const port = Number(new URL(address).port);
    const sockets = Array.from({ length: 3 }, () => connect(port, '127.0.0.1'));
    for (const socket of sockets) {
      socket.on('error', () => {}).resume();
      onTestFinished(() => {
        socket.destroy();
      });
    }
    await Promise.race(sockets.map((socket) => once(socket, 'close')));
    await eventually(() => expect(losses(logs)).toEqual(['CrowdedOutError']));
    const trust = { ca: authority.certificate };
    const { client } = await IngesterClient.hot(address, SECRET, ['test'], { tls: trust });
    client.destroy();
  });
});

describe('what an ingester sends before it is authenticated', () => {
  async function response(client: IngesterClient, tenant: string): Promise<Buffer> {
    const challenge = await client.expect('challenge');
    const answer = answerChallenge(challenge, hashSecret(SECRET));
    return encodeChallengeResponse(answer, { name: tenant, version: 9 });
  }

  it('may be the longest response', async () => {
    const { address } = await startIndexer();
    const client = await open(address);
    const longest = await response(client, 'x'.repeat(512));
    expect(longest).toHaveLength(580);
    client.write(longest);
    expect(await client.expect('state')).toMatchObject({ id: State.authenticated });
  });

  it('ends the connection at once when it is one byte more', async () => {
    const { address, logs } = await startIndexer();
    const client = await open(address);
    client.write(Buffer.concat([await response(client, 'x'.repeat(512)), Buffer.alloc(1)]));
    expect(await client.next()).toBeUndefined();
    await eventually(() => expect(losses(logs)).toEqual(['LimitError']));
  });

  it('may be followed by what comes next, within the same bounds', async () => {
    const { indexer, address } = await startIndexer();
    const client = await open(address);
    client.write(
      Buffer.concat([
        await response(client, 'acme'),
        encodeTagRequest(['test']),
        HOT,
        encodePing(),
      ]),
    );
    await client.expect('state');
    await client.expect('tagResponse');
    await client.expect('pong');
    expect(indexer.stats().connections).toBe(1);
  });

  it('is not kept when it comes while the answer is checked', async () => {
    const { address, logs } = await startIndexer();
    const client = await open(address);
    client.write(await response(client, 'acme'));
    client.write(Buffer.alloc(10_000));
    client.write(Buffer.alloc(10_000));
    await eventually(() => expect(losses(logs)).toEqual(['LimitError']));
  });
});

it('hot ingesters are served while wrong answers are checked', async () => {
  const ANSWERS = 5;
  const { address } = await startIndexer();
  const hot = await openHot(address);
  const strangers = await Promise.all(Array.from({ length: ANSWERS }, () => openSilent(address)));
  let refused = 0;
  for (const stranger of strangers) {
    stranger.write(Buffer.alloc(32));
    void stranger.expect('state').then(() => refused++);
  }
  // Every look at the clock takes a millisecond: the slices of work are equally long everywhere.
  let now = performance.now();
  vi.spyOn(performance, 'now').mockImplementation(() => now++);
  onTestFinished(() => {
    vi.restoreAllMocks();
  });
  let pongs = 0;
  while (refused < ANSWERS) {
    hot.write(encodePing());
    await hot.expect('pong');
    pongs++;
  }
  expect(pongs).toBeGreaterThan(3 * ANSWERS);
});

describe('a request for tags', () => {
  beforeEach(lightChallenges);

  it('of a million is refused, and uses up no number', async () => {
    const { address, logs } = await startIndexer();
    const client = await open(address);
    await client.authenticate(SECRET);
    await client.expect('state');
    client.write(encodeTagRequest(Array.from({ length: 1_000_000 }, (_, i) => `tag-${i}`)));
    expect(await client.next()).toBeUndefined();
    await eventually(() => expect(losses(logs)).toEqual(['DecodeError']));
    const { tags } = await IngesterClient.hot(address, SECRET, ['a', 'b']);
    expect([...tags.values()]).toEqual([1000, 999]);
  });

  it('that takes the last number is told about in the log, once', async () => {
    const { address, logs } = await startIndexer();
    const all = Array.from({ length: MAX_TAGS }, (_, i) => `tag-${i}`);
    const { client, tags } = await IngesterClient.hot(address, SECRET, [...all, 'gravwell']);
    onTestFinished(() => client.destroy());
    expect(tags.size).toBe(MAX_TAGS + 1);
    await IngesterClient.hot(address, SECRET, ['tag-7']).then(({ client }) => client.destroy());
    const warnings = logs.filter(({ msg }) => msg.startsWith('all tag numbers are given'));
    expect(warnings).toHaveLength(1);
    await expect(IngesterClient.hot(address, SECRET, ['one-more'])).resolves.toMatchObject({
      tags: new Map(),
    });
  });

  it('with an endless name fills no log', async () => {
    const { address, logs } = await startIndexer();
    const client = await open(address);
    await client.authenticate(SECRET);
    await client.expect('state');
    client.write(encodeTagRequest(['x'.repeat(10_000_000)]));
    expect(await client.expect('tagResponse')).toMatchObject({ count: 0 });
    await eventually(() => expect(losses(logs)).toEqual(['TagNotGrantedError']));
    expect(JSON.stringify(logs).length).toBeLessThan(20_000);
  });
});
