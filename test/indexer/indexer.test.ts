import { once } from 'node:events';
import {
  encodeForceAck,
  encodeState,
  encodeTag,
  encodeTagRequest,
  GRAVWELL_TAG,
  MinimumVersion,
  State,
} from '@ringest/codec';
import {
  AuthenticationError,
  EntryDigest,
  type EntryView,
  Indexer,
  type IndexerOptions,
  InvalidAddressError,
  ListenError,
  TagNotNegotiatedError,
} from '@ringest/indexer';
import { pino } from 'pino';
import { afterEach, describe, expect, it } from 'vitest';
import { encodeFrame, IngesterClient } from '../support/ingester-client.js';
import { cut } from '../support/sessions.js';
import { eventually } from '../support/waiting.js';

const SECRET = 'IngestSecrets';

const open: { destroy?(): void; close?(): Promise<void> }[] = [];

afterEach(async () => {
  for (const thing of open.splice(0)) {
    thing.destroy?.();
    await thing.close?.();
  }
});

/** A listening indexer, and what it logged. */
async function startIndexer(options: Partial<IndexerOptions> = {}) {
  const logs: { msg: string; err?: { type: string }; [key: string]: unknown }[] = [];
  const logger = pino({ level: 'trace' }, { write: (line: string) => logs.push(JSON.parse(line)) });
  const indexer = new Indexer({ listen: '127.0.0.1:0', secret: SECRET, logger, ...options });
  open.push(indexer);
  return { indexer, address: await indexer.listen(), logs };
}

async function connect(address: string): Promise<IngesterClient> {
  const client = await IngesterClient.connect(address);
  open.push(client);
  return client;
}

async function connectHot(address: string, names: readonly string[] = ['test']) {
  const { client, tags } = await IngesterClient.hot(address, SECRET, names);
  open.push(client);
  return { client, tags, tag: (name: string) => tags.get(name) as number };
}

function frames(count: number, tag: number, firstId = 1): Buffer {
  return Buffer.concat(
    Array.from({ length: count }, (_, i) =>
      encodeFrame(firstId + i, { timestamp: i, tag, data: `entry ${i}`, source: '10.0.0.1' }),
    ),
  );
}

describe('an indexer', () => {
  it('confirms every entry of several connections, and counts them', async () => {
    const { indexer, address } = await startIndexer();
    const first = await connectHot(address, ['a', 'b']);
    const second = await connectHot(address, ['b', 'unused']);
    first.client.write(frames(1000, first.tag('a')));
    first.client.write(frames(500, first.tag('b'), 1001));
    second.client.write(frames(10, second.tag('b')));
    first.client.socket.end();
    second.client.socket.end();
    const ids = (count: number) => Array.from({ length: count }, (_, i) => i + 1);
    expect(await first.client.confirmedUntilEnd()).toEqual(ids(1500));
    expect(await second.client.confirmedUntilEnd()).toEqual(ids(10));
    expect(indexer.stats()).toEqual({
      connections: 2,
      entries: 1510,
      bytes: 10 * 7 + 90 * 8 + 900 * 9 + (10 * 7 + 90 * 8 + 400 * 9) + 10 * 7,
      digest: null,
      tags: { a: 1000, b: 510 },
      tenants: {},
    });
  });

  it('takes a connection whose bytes come one by one', async () => {
    const { indexer, address } = await startIndexer();
    const { client, tag } = await connectHot(address);
    for (const byte of cut(frames(3, tag('test')), [1])) {
      client.write(byte);
      await new Promise(setImmediate);
    }
    client.socket.end();
    expect(await client.confirmedUntilEnd()).toEqual([1, 2, 3]);
    expect(indexer.stats().entries).toBe(3);
  });

  it('gives tags numbers of its own, the same on every connection', async () => {
    const { address } = await startIndexer({ firstTag: 77 });
    const first = await connectHot(address, ['a', 'b', 'gravwell']);
    const second = await connectHot(address, ['b', 'c']);
    expect(Object.fromEntries(first.tags)).toEqual({ a: 77, b: 76, gravwell: GRAVWELL_TAG });
    expect(Object.fromEntries(second.tags)).toEqual({ b: 76, c: 75 });
  });

  it('negotiates a tag on a live connection, and takes entries with it', async () => {
    const { indexer, address } = await startIndexer();
    const { client } = await connectHot(address);
    client.write(encodeTag('later'));
    const { tag } = await client.expect('confirmTag');
    client.write(Buffer.concat([frames(2, tag), encodeForceAck()]));
    await client.expect('confirmEntry');
    await client.expect('confirmEntry');
    expect(indexer.stats().tags).toEqual({ later: 2 });
  });

  it('refuses a bad tag on a live connection, which goes on', async () => {
    const { address } = await startIndexer();
    const { client, tag } = await connectHot(address);
    client.write(Buffer.concat([encodeTag('not a tag'), frames(1, tag('test'))]));
    await client.expect('errorTag');
    expect(await client.expect('confirmEntry')).toEqual({ kind: 'confirmEntry', id: 1 });
  });

  it('takes entries with the tag gravwell without negotiation', async () => {
    const { indexer, address } = await startIndexer();
    const { client } = await connectHot(address);
    client.write(frames(1, GRAVWELL_TAG));
    await client.expect('confirmEntry');
    expect(indexer.stats().tags).toEqual({ gravwell: 1 });
  });

  it('hangs up on an entry whose tag was never negotiated', async () => {
    const { indexer, address, logs } = await startIndexer();
    const { client, tag } = await connectHot(address);
    client.write(Buffer.concat([frames(1, tag('test')), frames(1, 3, 2)]));
    expect(await client.confirmedUntilEnd()).toEqual([1]);
    expect(indexer.stats().entries).toBe(1);
    expect(logs).toContainEqual(
      expect.objectContaining({
        err: expect.objectContaining({ type: TagNotNegotiatedError.name }),
      }),
    );
  });

  it('keeps a digest of all entries when asked to', async () => {
    const expected = new EntryDigest();
    const { indexer, address } = await startIndexer({
      digest: true,
      onEntry: (entry) => expected.add(entry),
    });
    const { client, tag } = await connectHot(address);
    client.write(frames(100, tag('test')));
    client.socket.end();
    await client.confirmedUntilEnd();
    expect(indexer.stats().digest).toBe(expected.toString());
    expect(indexer.stats().digest).not.toBe(new EntryDigest().toString());
  });

  it('shows every entry to an observer, which can refuse it', async () => {
    const seen: string[] = [];
    const { indexer, address } = await startIndexer({
      onEntry(entry: EntryView) {
        seen.push(entry.data.toString());
        if (seen.length === 2) throw new Error('enough');
      },
    });
    const { client, tag } = await connectHot(address);
    client.write(frames(3, tag('test')));
    expect(await client.confirmedUntilEnd()).toEqual([1]);
    expect(seen).toEqual(['entry 0', 'entry 1']);
    expect(indexer.stats().entries).toBe(1);
  });
});

describe('the handshake', () => {
  it('begins with a challenge as the protocol asks for, each time another', async () => {
    const { address } = await startIndexer();
    const first = await (await connect(address)).expect('challenge');
    const second = await (await connect(address)).expect('challenge');
    for (const { iterations, version } of [first, second]) {
      expect(iterations).toBeGreaterThanOrEqual(10_000);
      expect(iterations).toBeLessThan(20_000);
      expect(version).toBe(MinimumVersion.ditto);
    }
    expect(first.random).not.toEqual(second.random);
  });

  it('ends for an ingester with another secret, which is told, and neither is logged', async () => {
    const { indexer, address, logs } = await startIndexer();
    const client = await connect(address);
    await client.authenticate('another secret');
    expect(await client.expect('state')).toMatchObject({ id: State.notAuthenticated });
    expect(await client.next()).toBeUndefined();
    expect(indexer.stats().connections).toBe(0);
    await eventually(() => expect(logs).toHaveLength(1));
    expect(logs[0]?.err?.type).toBe(AuthenticationError.name);
    expect(JSON.stringify(logs)).not.toMatch(/IngestSecrets|another secret/);
  });

  it('ends with a Count of 0 for an ingester that asks for a bad tag', async () => {
    const { indexer, address } = await startIndexer();
    const client = await connect(address);
    await client.authenticate(SECRET);
    await client.expect('state');
    client.write(encodeTagRequest(['good', 'not good']));
    expect(await client.expect('tagResponse')).toMatchObject({ count: 0 });
    expect(await client.next()).toBeUndefined();
    expect(indexer.stats().connections).toBe(0);
  });

  it('ends for an ingester that is not HOT after it', async () => {
    const { indexer, address } = await startIndexer();
    const client = await connect(address);
    await client.authenticate(SECRET);
    client.write(encodeTagRequest(['test']));
    client.write(encodeState({ id: 1, info: '' }));
    await client.confirmedUntilEnd();
    expect(indexer.stats().connections).toBe(0);
  });

  it('may come together with the first entries', async () => {
    const { indexer, address } = await startIndexer({ firstTag: 9 });
    const client = await connect(address);
    await client.authenticate(SECRET);
    await client.expect('state');
    const hot = encodeState({ id: State.hot, info: '' });
    client.write(Buffer.concat([encodeTagRequest(['test']), hot, frames(5, 9)]));
    client.socket.end();
    expect(await client.confirmedUntilEnd()).toEqual([1, 2, 3, 4, 5]);
    expect(indexer.stats().entries).toBe(5);
  });

  it('that does not end costs the indexer nothing but the connection', async () => {
    const { address, logs } = await startIndexer();
    const client = await connect(address);
    client.destroy();
    await eventually(() => expect(logs).toHaveLength(1));
    expect(logs[0]?.err?.type).toBe('ConnectionLostError');
    await connectHot(address);
  });
});

describe('listening', () => {
  it('says the address with the actual port', async () => {
    const { indexer, address } = await startIndexer();
    expect(address).toMatch(/^tcp:\/\/127\.0\.0\.1:[1-9]\d*$/);
    expect(indexer.address).toBe(address);
  });

  it('works on IPv6', async () => {
    const { address } = await startIndexer({ listen: 'tcp://[::1]:0' });
    expect(address).toMatch(/^tcp:\/\/\[::1\]:\d+$/);
    await connectHot(address);
  });

  it('fails with a clear error when the port is in use', async () => {
    const { address } = await startIndexer();
    const other = new Indexer({ listen: address, secret: SECRET });
    await expect(other.listen()).rejects.toThrow(ListenError);
    await expect(other.listen()).rejects.toThrow(/port is in use/);
    await other.close();
  });

  it('is not even tried with a malformed address', () => {
    expect(() => new Indexer({ listen: 'host:x', secret: SECRET })).toThrow(InvalidAddressError);
  });
});

describe('closing', () => {
  it('confirms what was taken, ends connections in any state, and is allowed twice', async () => {
    const { indexer, address } = await startIndexer();
    const waiting = await connect(address);
    const { client, tag } = await connectHot(address);
    client.write(frames(10, tag('test')));
    await eventually(() => expect(indexer.stats().entries).toBe(10));
    const closed = indexer.close();
    expect(await client.confirmedUntilEnd()).toHaveLength(10);
    await Promise.all([closed, indexer.close()]);
    await waiting.confirmedUntilEnd();
    const socket = waiting.socket.connect(Number(new URL(address).port), '127.0.0.1');
    const [error] = await once(socket, 'error');
    expect(error).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('does not wait long for an ingester that does not end its half', async () => {
    const { indexer, address } = await startIndexer();
    const { client } = await connectHot(address);
    client.socket.removeAllListeners('end');
    await indexer.close();
  });

  it('is allowed before listening, and by `await using`', async () => {
    await using indexer = new Indexer({ listen: '127.0.0.1:0', secret: SECRET });
    await indexer.close();
  });
});
