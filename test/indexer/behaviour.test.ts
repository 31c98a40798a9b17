import {
  answerChallenge,
  EMPTY_INGESTER_STATE,
  encodeApiVersion,
  encodeChallengeResponse,
  encodeDittoBlock,
  encodeForceAck,
  encodeId,
  encodeIngesterState,
  encodeIngestOk,
  encodePing,
  encodeStreamConfiguration,
  encodeTag,
  encodeTagRequest,
  hashSecret,
  type IngesterState,
  State,
} from '@ringest/codec';
import {
  Indexer,
  type IndexerOptions,
  InvalidOptionError,
  MAX_ACK_DELAY_MS,
} from '@ringest/indexer';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { arrived, holdClock } from '../support/indexer-clock.js';
import { encodeFrame, IngesterClient } from '../support/ingester-client.js';
import { lightChallenges } from '../support/light-challenges.js';
import { eventually } from '../support/waiting.js';

const SECRET = 'IngestSecrets';
const IDENTITY = { name: 'n', version: '1', uuid: '00000000-0000-0000-0000-000000000000' };

async function startIndexer(options: Partial<IndexerOptions> = {}) {
  lightChallenges();
  const indexer = new Indexer({ listen: '127.0.0.1:0', secret: SECRET, ...options });
  onTestFinished(() => indexer.close());
  return { indexer, address: await indexer.listen() };
}

async function connect(address: string): Promise<IngesterClient> {
  const client = await IngesterClient.connect(address);
  onTestFinished(() => client.destroy());
  return client;
}

async function connectHot(address: string) {
  const { client, tags } = await IngesterClient.hot(address, SECRET, ['test']);
  onTestFinished(() => client.destroy());
  return { client, tag: tags.get('test') as number };
}

function frames(count: number, tag: number, firstId = 1): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, i) =>
      encodeFrame(firstId + i, { timestamp: i, tag, data: `entry ${i}`, source: '10.0.0.1' }),
    ),
  );
}

describe('an option out of its bounds', () => {
  it.each([
    { ackDelay: -1 },
    { ackDelay: Number.NaN },
    { ackDelay: MAX_ACK_DELAY_MS + 1 },
    { readRate: 100 },
    { readRate: Number.POSITIVE_INFINITY },
    { throttle: 5001 },
    { notReadyFor: -5 },
    { failAfter: 1.5 },
    { apiVersion: 10 },
    { apiVersion: -1 },
    { refuseTag: ['not a tag'] },
  ])('is refused with a clear error: %o', (options) => {
    const create = () => new Indexer({ listen: '127.0.0.1:0', secret: SECRET, ...options });
    expect(create).toThrow(InvalidOptionError);
    expect(create).toThrow(new RegExp(Object.keys(options)[0] as string));
  });

  it('is refused when it is set later, and nothing is changed', () => {
    const indexer = new Indexer({ listen: '127.0.0.1:0', secret: SECRET, ackDelay: 5 });
    expect(() => Object.assign(indexer, { ackDelay: -1 })).toThrow(InvalidOptionError);
    expect(() => Object.assign(indexer, { readRate: 1 })).toThrow(InvalidOptionError);
    expect([indexer.ackDelay, indexer.readRate]).toEqual([5, 0]);
  });
});

/** Has the indexer answer a PING, before which it says nothing else. */
async function expectSilence(client: IngesterClient): Promise<void> {
  client.write(encodePing());
  expect((await client.next())?.kind).toBe('pong');
}

describe('an indexer with a delay of confirmations', () => {
  it('confirms no entry before the delay has passed, and each of them', async () => {
    holdClock();
    const { address } = await startIndexer({ ackDelay: 150 });
    const { client, tag } = await connectHot(address);
    client.write(Buffer.concat([frames(100, tag), encodeForceAck()]));
    await expectSilence(client);
    vi.advanceTimersByTime(149);
    await expectSilence(client);
    vi.advanceTimersByTime(2);
    client.socket.end();
    expect(await client.confirmedUntilEnd()).toHaveLength(100);
  });

  it('can have it changed while an ingester is connected', async () => {
    holdClock();
    const { indexer, address } = await startIndexer();
    const { client, tag } = await connectHot(address);
    client.write(frames(1, tag));
    await client.expect('confirmEntry');
    indexer.ackDelay = 150;
    client.write(frames(1, tag, 2));
    await expectSilence(client);
    vi.advanceTimersByTime(149);
    await expectSilence(client);
    vi.advanceTimersByTime(2);
    expect(await client.expect('confirmEntry')).toMatchObject({ id: 2 });
    // What waited would be confirmed in five minutes, but for the end.
    indexer.ackDelay = MAX_ACK_DELAY_MS;
    client.write(frames(1, tag, 3));
    await expectSilence(client);
    await indexer.close();
    expect(await client.confirmedUntilEnd()).toEqual([3]);
  });
});

describe('an indexer with a rate of reading', () => {
  it('reads no faster', async () => {
    holdClock();
    const { indexer, address } = await startIndexer({ readRate: 1_000_000 });
    const { client, tag } = await connectHot(address);
    for (let id = 1; id <= 500; id++) {
      client.write(encodeFrame(id, { timestamp: 0, tag, data: Buffer.alloc(1954) }));
    }
    client.socket.end();
    let passed = 0;
    for (; indexer.stats().entries < 500; passed += 10) {
      vi.advanceTimersByTime(10);
      await new Promise(setImmediate);
    }
    // The last chunk is read without having been paid for.
    expect(passed).toBeGreaterThan(800);
    expect(await client.confirmedUntilEnd()).toHaveLength(500);
  });

  it('can have it lifted in the middle', async () => {
    const { indexer, address } = await startIndexer({ readRate: 1024 });
    const { client, tag } = await connectHot(address);
    client.write(encodeFrame(1, { timestamp: 0, tag, data: Buffer.alloc(1_000_000) }));
    client.write(frames(1, tag, 2));
    await eventually(() => expect(client.socket.bytesWritten).toBeGreaterThan(1_000_000));
    indexer.readRate = 0;
    await client.expect('confirmEntry');
    expect(await client.expect('confirmEntry')).toMatchObject({ id: 2 });
  });
});

it('an indexer that throttles says so every second, to each ingester whose entries flow', async () => {
  holdClock();
  const { address } = await startIndexer({ throttle: 20 });
  const busy = [await connectHot(address), await connectHot(address)];
  const { client: idle } = await connectHot(address);
  for (let id = 1; id <= 2; id++) {
    for (const { client, tag } of busy) client.write(frames(1, tag, id));
    for (const { client } of busy) await client.expect('confirmEntry');
    await expectSilence(idle);
    vi.advanceTimersByTime(id === 1 ? 999 : 979);
    for (const { client } of [...busy, { client: idle }]) await expectSilence(client);
    vi.advanceTimersByTime(1);
    for (const { client } of busy) {
      expect(await client.expect('throttle')).toEqual({ kind: 'throttle', nanoseconds: 20e6 });
    }
    await expectSilence(idle);
    // Until it is over, the indexer confirms nothing.
    vi.advanceTimersByTime(20);
  }
});

describe('an indexer that is not ready at first', () => {
  it('says so', async () => {
    const { address } = await startIndexer({ notReadyFor: 3_600_000 });
    const { client } = await connectHot(address);
    client.write(Buffer.concat([encodeApiVersion(9), encodeIngestOk(), encodeIngestOk()]));
    await client.expect('confirmApiVersion');
    for (let i = 0; i < 2; i++)
      expect(await client.expect('confirmIngestOk')).toMatchObject({ ok: false });
  });

  it('says when it has become so, no earlier, and takes a stream configuration then', async () => {
    holdClock();
    const { indexer, address } = await startIndexer({ notReadyFor: 300 });
    const { client, tag } = await connectHot(address);
    client.write(encodeApiVersion(9));
    await client.expect('confirmApiVersion');
    vi.advanceTimersByTime(299);
    client.write(encodeIngestOk());
    expect(await client.expect('confirmIngestOk')).toMatchObject({ ok: false });
    vi.advanceTimersByTime(1);
    client.write(encodeIngestOk());
    expect(await client.expect('confirmIngestOk')).toMatchObject({ ok: true });
    client.write(Buffer.concat([encodeStreamConfiguration(0), frames(1, tag)]));
    await arrived(() => indexer.stats().entries === 1);
  });
});

it('an indexer that fails destroys the connection of every n-th entry, which is taken but not confirmed', async () => {
  const { indexer, address } = await startIndexer({ failAfter: 3 });
  const first = await connectHot(address);
  const second = await connectHot(address);
  first.client.write(frames(2, first.tag));
  await first.client.expect('confirmEntry');
  await first.client.expect('confirmEntry');
  second.client.write(frames(1, second.tag));
  expect(await second.client.confirmedUntilEnd()).toEqual([]);
  expect(indexer.stats().entries).toBe(3);
  first.client.write(frames(5, first.tag, 3));
  await first.client.confirmedUntilEnd();
  expect(indexer.stats().entries).toBe(6);
});

describe('an indexer that refuses tags', () => {
  it('refuses all of a request that has one of them', async () => {
    const { address } = await startIndexer({ refuseTag: ['bad', 'worse'] });
    const client = await connect(address);
    await client.authenticate(SECRET);
    await client.expect('state');
    client.write(encodeTagRequest(['test', 'worse']));
    expect(await client.expect('tagResponse')).toMatchObject({ count: 0 });
    expect(await client.next()).toBeUndefined();
  });

  it('refuses them on a live connection, which goes on', async () => {
    const { address } = await startIndexer({ refuseTag: ['bad'] });
    const { client } = await connectHot(address);
    client.write(Buffer.concat([encodeTag('bad'), encodeTag('good'), encodeTag(' bad ')]));
    await client.expect('errorTag');
    await client.expect('confirmTag');
    await client.expect('errorTag');
  });
});

it('an indexer shows the states that ingesters tell, and not those that cannot be read', async () => {
  const states: IngesterState[] = [];
  const { address } = await startIndexer({ onIngesterState: (state) => states.push(state) });
  const { client } = await connectHot(address);
  const state = { ...EMPTY_INGESTER_STATE, name: 'told', entries: 7 };
  const broken = encodeIngesterState(state);
  broken.fill('x', 8);
  client.write(Buffer.concat([broken, encodeIngesterState(state)]));
  await client.expect('confirmIngesterState');
  await client.expect('confirmIngesterState');
  expect(states).toEqual([state]);
});

it('an indexer confirms nothing that could not be made durable', async () => {
  let stored = 0;
  const { indexer, address } = await startIndexer({
    onEntry() {
      stored++;
    },
    beforeConfirm() {
      if (stored > 2) throw new Error('the disk is full');
    },
  });
  const { client, tag } = await connectHot(address);
  client.write(frames(2, tag));
  await client.expect('confirmEntry');
  await client.expect('confirmEntry');
  client.write(frames(2, tag, 3));
  expect(await client.confirmedUntilEnd()).toEqual([]);
  expect(indexer.stats().entries).toBe(4);
});

describe('an old indexer', () => {
  const value = { timestamp: 0, data: 'valued', enumeratedValues: { n: 1 } };

  it.each([
    ['TAG', 2, () => encodeTag('new'), 'confirmTag'],
    ['ID', 3, () => encodeId(IDENTITY), 'confirmId'],
    ['API_VER', 4, () => encodeApiVersion(9), 'confirmApiVersion'],
    ['INGEST_OK', 4, () => encodeIngestOk(), 'confirmIngestOk'],
    ['INGESTER_STATE', 6, () => encodeIngesterState(EMPTY_INGESTER_STATE), 'confirmIngesterState'],
    ['enumerated values', 8, (tag: number) => encodeFrame(1, { ...value, tag }), 'confirmEntry'],
    ['DITTO_BLOCK', 9, () => encodeDittoBlock(0), 'confirmDittoBlock'],
  ] as const)(
    'does not know %s before version %i, and hangs up',
    async (_name, version, make, reply) => {
      const knowing = await startIndexer({ apiVersion: version });
      const { client, tag } = await connectHot(knowing.address);
      client.write(make(tag));
      await client.expect(reply);
      const { indexer, address } = await startIndexer({ apiVersion: version - 1 });
      const old = await connectHot(address);
      old.client.write(make(old.tag));
      expect((await old.client.next())?.kind).toBeUndefined();
      expect(indexer.stats().entries).toBe(0);
    },
  );

  it('takes entries, FORCE_ACK and PING at any version, which its challenge says', async () => {
    for (let apiVersion = 0; apiVersion <= 9; apiVersion++) {
      const { address } = await startIndexer({ apiVersion });
      const challenged = await connect(address);
      expect(await challenged.expect('challenge')).toMatchObject({ version: apiVersion });
      const { client, tag } = await connectHot(address);
      client.write(Buffer.concat([frames(1, tag), encodeForceAck(), encodePing()]));
      await client.expect('confirmEntry');
      await client.expect('pong');
    }
  });

  it.each([
    [4, false],
    [5, true],
  ])('of version %i asks for a stream configuration: %s', async (apiVersion, isConfigured) => {
    const { address } = await startIndexer({ apiVersion });
    const { client, tag } = await connectHot(address);
    client.write(Buffer.concat([encodeApiVersion(9), encodeIngestOk()]));
    await client.expect('confirmApiVersion');
    await client.expect('confirmIngestOk');
    if (isConfigured) {
      const before = client.socket.bytesRead;
      const configuration = encodeStreamConfiguration(0);
      client.write(configuration);
      const after = before + configuration.length;
      await eventually(() => expect(client.socket.bytesRead).toBeGreaterThanOrEqual(after));
    } else {
      client.write(frames(1, tag));
      await client.expect('confirmEntry');
    }
  });

  it('of a version under 7 takes a tenant for a wrong answer', async () => {
    for (const apiVersion of [6, 7]) {
      const { address } = await startIndexer({ apiVersion });
      const client = await connect(address);
      const answer = answerChallenge(await client.expect('challenge'), hashSecret(SECRET));
      client.write(encodeChallengeResponse(answer, { name: 'acme', version: 9 }));
      const id = apiVersion === 7 ? State.authenticated : State.notAuthenticated;
      expect(await client.expect('state')).toMatchObject({ id });
    }
  });
});
