import {
  Compression,
  type EntryInput,
  encodeConfirmTag,
  encodePong,
  encodeState,
  encodeThrottle,
} from '@ringest/codec';
import type { ConnectionError, IngestMuxer } from '@ringest/core';
import { describe, expect, it } from 'vitest';
import { expectArrivals, expectedArrival, expectedArrivals } from '../../support/arrivals.js';
import { hotMuxer, newMuxer, SMALL_RING } from '../../support/muxer.js';
import { confirmations, type Script, ScriptedIndexer } from '../../support/scripted-indexer.js';

const entry = (i: number): EntryInput => ({ timestamp: i, tag: 0, data: `entry ${i}` });
const entries = (from: number, to: number): EntryInput[] =>
  Array.from({ length: to - from }, (_, i) => entry(from + i));
const expected = (from: number, to: number) => expectedArrivals(entries(from, to));

/** A muxer that is hot and has sent `count` entries, all in one socket write. */
async function sent(count: number, script: Partial<Script> = {}) {
  const indexer = await ScriptedIndexer.listen(script);
  const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
  const losses: ConnectionError[] = [];
  muxer.on('lost', (error) => losses.push(error));
  const connection = await indexer.hot(0);
  muxer.writeBatch(entries(0, count));
  await connection.entries(count);
  return { indexer, muxer, connection, losses };
}

async function confirmed(muxer: IngestMuxer, count: number): Promise<void> {
  while (muxer.stats().confirmedEntries < count) await new Promise(setImmediate);
}

/** What a muxer says of its first failed connection. */
async function firstLoss(muxer: IngestMuxer): Promise<ConnectionError> {
  return new Promise((resolve) => {
    muxer.once('lost', resolve);
    muxer.start();
  });
}

describe('confirmations', () => {
  it('may come split at every byte', async () => {
    const { muxer, connection, losses } = await sent(40);
    for (let split = 0; split < 12; split++) {
      // One whole one, then a piece: once the first is counted, the piece was read.
      const bytes = confirmations([3 * split + 1, 3 * split + 2, 3 * split + 3]);
      connection.write(bytes.subarray(0, 12 + split));
      await confirmed(muxer, 3 * split + 1);
      connection.write(bytes.subarray(12 + split));
      await confirmed(muxer, 3 * split + 3);
    }
    expect(muxer.stats().confirmedEntries).toBe(36);
    expect(losses).toEqual([]);
  });

  it('may come byte by byte, with PONGs anywhere between them', async () => {
    const { muxer, connection, losses } = await sent(20);
    const parts = Array.from({ length: 20 }, (_, i) =>
      Buffer.concat([...Array(i % 4).fill(encodePong()), confirmations([i + 1])]),
    );
    for (const byte of Buffer.concat([...parts, encodePong()])) {
      connection.write(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    await muxer.sync();
    expect(muxer.stats().confirmedEntries).toBe(20);
    expect(losses).toEqual([]);
  });

  it('may come with a PONG cut in two between them', async () => {
    const { muxer, connection } = await sent(4);
    const bytes = Buffer.concat([confirmations([1]), encodePong(), confirmations([2, 3, 4])]);
    for (let cut = 13; cut < 16; cut++) {
      // Confirmed ids again are ignored: the same bytes can be cut anew.
      connection.write(bytes.subarray(0, cut));
      await confirmed(muxer, 1);
      await new Promise(setImmediate);
      connection.write(bytes.subarray(cut));
      await confirmed(muxer, 4);
    }
    await muxer.sync();
  });

  it('may come very many at a time', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const connection = await indexer.hot(0);
    await muxer.writeBatch(entries(0, 10_000));
    await connection.entries(10_000);
    connection.confirmThrough(10_000);
    await muxer.sync();
    expect(muxer.stats().confirmedEntries).toBe(10_000);
  });

  it('may be outstanding by the thousands, of entries that went out one by one', async () => {
    const indexer = await ScriptedIndexer.listen();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const first = await indexer.hot(0);
    for (let i = 0; i < 3000; i++) {
      muxer.writeEntry(entry(i));
      await new Promise(setImmediate);
    }
    await first.entries(3000);
    first.confirmThrough(2000);
    await confirmed(muxer, 2000);
    first.confirmThrough(2500);
    await confirmed(muxer, 2500);
    first.socket.destroy();
    const second = await indexer.hot(1);
    await second.entries(500);
    second.confirmThrough(500);
    await muxer.sync();
    expectArrivals(second.arrivals, expected(2500, 3000));
    expect(muxer.stats()).toMatchObject({ confirmedEntries: 3000, resentEntries: 500 });
  });

  it('may begin with what came together with the end of the handshake', async () => {
    const begun = Buffer.concat([encodePong(), encodePong().subarray(0, 3)]);
    const { muxer, connection, losses } = await sent(2, {
      tail: begun,
      // The answer would come in the middle of a command.
      answersStates: false,
    });
    connection.write(Buffer.concat([encodePong().subarray(3), confirmations([1, 2])]));
    await muxer.sync();
    expect(losses).toEqual([]);
  });

  it('may come late: everything waits for them, and nothing is sent twice', async () => {
    const { muxer, connection, losses } = await sent(10);
    const sync = muxer.sync();
    connection.write(encodePong());
    // The thread is there, has heard of the PONG, and asks for the confirmations.
    await connection.until('FORCE_ACK', () => connection.flushes > 0);
    expect(muxer.stats().confirmedEntries).toBe(0);
    connection.confirmThrough(10);
    await sync;
    expect(connection.frames).toHaveLength(10);
    expect(losses).toEqual([]);
  });

  it('of what is confirmed already are ignored, and 0 is no id', async () => {
    const { muxer, connection, losses } = await sent(10);
    connection.confirm(1, 2, 3, 1, 2, 3, 0, 4, 4, 4, 5);
    await confirmed(muxer, 5);
    expect(muxer.stats().confirmedEntries).toBe(5);
    connection.confirm(5, 0, 6, 7, 8, 9, 10);
    await muxer.sync();
    expect(muxer.stats().confirmedEntries).toBe(10);
    expect(losses).toEqual([]);
  });

  it.each([11, 2 ** 32 + 11, Number.MAX_SAFE_INTEGER])(
    'of what was never sent, as of %s, confirm nothing: all arrives in the end',
    async (id) => {
      const { indexer, muxer, connection } = await sent(10);
      connection.confirm(1, 2, 3, id);
      await confirmed(muxer, 3);
      // It may go on with this connection, or give it up.
      muxer.writeBatch(entries(10, 20));
      const moved = indexer.hot(1).then(async (second) => {
        await second.entries(17);
        second.confirmThrough(17);
        expectArrivals(second.arrivals, expected(3, 20));
      });
      const stayed = connection
        .until('the rest', () => connection.frames.length >= 20)
        .then(() => {
          connection.confirm(...Array.from({ length: 17 }, (_, i) => i + 4));
          expectArrivals(connection.arrivals, expected(0, 20));
        });
      for (const outcome of [moved, stayed]) outcome.catch(() => {});
      await Promise.any([moved, stayed]);
      await muxer.sync();
      expect(muxer.stats()).toMatchObject({ writtenEntries: 20, confirmedEntries: 20 });
    },
  );

  it('of an entry and, before it is even sent, of the next one are not believed', async () => {
    const { indexer, muxer, connection } = await sent(1);
    connection.confirm(1, 2);
    await confirmed(muxer, 1);
    const [next] = await Promise.all([indexer.hot(1), muxer.writeEntry(entry(1))]);
    await next.entries(1);
    next.confirmThrough(1);
    await muxer.sync();
    expectArrivals(next.arrivals, expected(1, 2));
  });

  it('out of order confirm only what they must: all arrives in the end', async () => {
    const { indexer, muxer, connection } = await sent(10);
    connection.confirm(1, 2, 5, 4, 3, 6, 7, 8, 9);
    const second = await indexer.hot(1);
    await second.entries(8);
    second.confirmThrough(8);
    await muxer.sync();
    expectArrivals(second.arrivals, expected(2, 10));
  });
});

describe('an indexer', () => {
  it('that closes in the middle of an entry gets it again', async () => {
    const { indexer, muxer, connection } = await sent(3);
    connection.confirmThrough(3);
    await muxer.sync();
    const { socket } = connection;
    const before = socket.bytesRead;
    socket.on('data', () => {
      if (socket.bytesRead > before + 1_000_000) socket.destroy();
    });
    const data = Buffer.alloc(3_000_000, 'x');
    for (let i = 0; i < 3; i++) muxer.writeEntry({ timestamp: i, tag: 0, data })?.catch(() => {});
    const second = await indexer.hot(1);
    for (let i = 1; i <= 3; i++) {
      await second.entries(i);
      second.confirmThrough(i);
    }
    await muxer.sync();
    expect(connection.frames).toHaveLength(3);
    const wanted = [0, 1, 2].map((timestamp) => expectedArrival({ timestamp, tag: 0, data }));
    expectArrivals(second.arrivals, wanted);
  });

  it('that closes in the middle of a confirmation has not given it', async () => {
    const { indexer, muxer, connection } = await sent(3);
    connection.socket.end(confirmations([1, 2]).subarray(0, 23));
    const second = await indexer.hot(1);
    await second.entries(2);
    second.confirmThrough(2);
    await muxer.sync();
    expectArrivals(second.arrivals, expected(1, 3));
  });

  it('that stops reading makes writes wait, and nothing is lost when it goes on', async () => {
    const { muxer, connection } = await sent(1, { confirms: 'at once' });
    connection.socket.pause();
    let wait: Promise<void> | undefined;
    let count = 1;
    while (wait === undefined) wait = muxer.writeEntry(entry(count++));
    connection.socket.resume();
    await wait;
    await muxer.sync();
    expectArrivals(connection.arrivals, expected(0, count));
  });

  it.each([
    ['a word that is no command', Buffer.alloc(4, 0xab)],
    ['a reply that nobody asked for', encodeConfirmTag(5)],
    ['a state', encodeState({ id: 0xbeef42, info: '' })],
    ['zeros', Buffer.alloc(64)],
  ])('that sends %s loses the connection, and gets the rest on the next', async (_what, bytes) => {
    const { indexer, muxer, connection, losses } = await sent(10);
    connection.write(Buffer.concat([confirmations([1, 2, 3, 4]), bytes, confirmations([5, 6])]));
    const second = await indexer.hot(1);
    await connection.ended();
    await second.entries(6);
    second.confirmThrough(6);
    await muxer.sync();
    expectArrivals(second.arrivals, expected(4, 10));
    expect(losses.map(({ reason }) => reason)).toEqual(['protocol']);
  });

  it('that throttles while entries wait for room still gets them all, in order', async () => {
    const { muxer, connection } = await sent(1, { confirms: 'at once' });
    connection.write(encodeThrottle(100e6));
    for (let i = 1; i < 3000; i++) {
      const wait = muxer.writeEntry(entry(i));
      if (wait) await wait;
      if (i % 1000 === 0) connection.write(encodeThrottle(20e6));
    }
    await muxer.sync();
    expectArrivals(connection.arrivals, expected(0, 3000));
  });

  it('that is not ready is asked again, and gets nothing until it is', async () => {
    const indexer = await ScriptedIndexer.listen({ readiness: [false, false, false, true] });
    const muxer = newMuxer({ targets: [indexer.address], times: { notReady: 30 } });
    muxer.start();
    muxer.writeEntry(entry(0));
    const connection = await indexer.connection(0);
    const asked = () => connection.heard.filter((kind) => kind === 'ingestOk').length;
    await connection.until('the second question', () => asked() === 2);
    connection.write(encodePong());
    expect(muxer.hot()).toBe(0);
    expect(connection.frames).toHaveLength(0);
    await muxer.waitForHot();
    expect(asked()).toBe(4);
    await connection.entries(1);
    connection.confirmThrough(1);
    await muxer.sync();
    expect(indexer.connections).toHaveLength(1);
  });

  it('that is not ready and goes away is given up at once', async () => {
    const indexer = await ScriptedIndexer.listen({ readiness: [false] });
    const muxer = newMuxer({ targets: [indexer.address], times: { notReady: 600_000 } });
    const loss = firstLoss(muxer);
    const connection = await indexer.connection(0);
    await connection.until('the question', () => connection.heard.includes('ingestOk'));
    connection.socket.destroy();
    expect(await loss).toMatchObject({ reason: 'lost' });
  });

  it('that chats with PONGs all through the handshake is no trouble', async () => {
    const indexer = await ScriptedIndexer.listen({ readiness: [false, true] });
    const muxer = newMuxer({ targets: [indexer.address], times: { notReady: 50 } });
    muxer.start();
    const connection = await indexer.connection(0);
    // PONGs have their place once tags are negotiated.
    await connection.until('identification', () => connection.heard.includes('apiVersion'));
    for (let i = 0; i < 100; i++) connection.write(encodePong());
    await muxer.waitForHot();
    expect(indexer.connections).toHaveLength(1);
  });
});

describe('a handshake that fails', () => {
  it.each<[name: string, reason: string, message: RegExp, script: Partial<Script>]>([
    ['for another secret', 'authentication', /refused the ingest secret/, { secret: 'other' }],
    ['for refused tags', 'tags', /refused the tags/, { numberTags: () => new Map() }],
    [
      'for a tag left out',
      'tags',
      /no number for tag 'b'/,
      {
        numberTags: () =>
          new Map([
            ['a', 1],
            ['c', 2],
          ]),
      },
    ],
    [
      'for two tags of one number',
      'tags',
      /tag 'b' the number of another/,
      {
        numberTags: () =>
          new Map([
            ['a', 1],
            ['b', 1],
          ]),
      },
    ],
    [
      'for a tag with the number of gravwell',
      'tags',
      /tag 'a' the number of another/,
      {
        numberTags: () =>
          new Map([
            ['a', 0xffff],
            ['b', 1],
          ]),
      },
    ],
    [
      'for a compression that was not offered',
      'protocol',
      /compression/,
      { compression: Compression.snappy },
    ],
    ['for silence', 'timeout', /did not send its challenge in time/, { greets: false }],
  ])('%s says so, and is tried again', async (_name, reason, message, script) => {
    const indexer = await ScriptedIndexer.listen(script);
    const muxer = newMuxer({
      targets: [indexer.address],
      tags: ['a', 'b'],
      times: script.greets === false ? { handshake: 50 } : {},
    });
    const error = await firstLoss(muxer);
    expect(error).toMatchObject({ code: 'ERR_CONNECTION', reason, target: indexer.address });
    expect(error.message).toMatch(message);
    await indexer.connection(1);
    expect(muxer.hot()).toBe(0);
    expect(() => muxer.sourceIP()).toThrow(/no indexer is connected/);
  });

  it.each([
    ['no JSON', Buffer.from([3, 0, 1, 2, 3])],
    ['too long a length', Buffer.from([0xff, 0xff])],
  ])('for a malformed state, with %s, says so', async (_name, bytes) => {
    const indexer = await ScriptedIndexer.listen({ greets: false });
    const muxer = newMuxer({ targets: [indexer.address] });
    const loss = firstLoss(muxer);
    const connection = await indexer.connection(0);
    connection.write(Buffer.concat([Buffer.alloc(36), bytes]));
    const error = await loss;
    expect(error.reason).toBe('protocol');
    expect(error.message).toContain('malformed state');
  });

  it('because the indexer hangs up is tried again', async () => {
    const indexer = await ScriptedIndexer.listen({ greets: false });
    const muxer = newMuxer({ targets: [indexer.address] });
    const loss = firstLoss(muxer);
    (await indexer.connection(0)).socket.end();
    expect(await loss).toMatchObject({ reason: 'lost' });
    await indexer.connection(1);
  });

  it('once may succeed the next time, with what was written before', async () => {
    const numbers = [new Map(), new Map([['test', 9]])];
    const indexer = await ScriptedIndexer.listen({
      numberTags: (_names, connection) => numbers[connection] ?? new Map(),
      numberTag: () => 9,
      confirms: 'at once',
    });
    const muxer = newMuxer({ targets: [indexer.address] });
    muxer.start();
    muxer.writeBatch(entries(0, 5));
    await muxer.waitForHot();
    await muxer.sync();
    const connection = await indexer.hot(1);
    expectArrivals(connection.arrivals, expected(0, 5));
    expect(connection.frames.map((frame) => frame.entry.tag)).toEqual([9, 9, 9, 9, 9]);
  });
});

describe('an indexer of an older version', () => {
  const IDENTIFICATION = ['challengeResponse', 'tagRequest', 'state'];
  const FORCED = (kind: string) => ['forceAck', kind];

  it.each([
    [2, []],
    [3, FORCED('id')],
    [4, [...FORCED('apiVersion'), ...FORCED('id'), 'ingestOk']],
    [5, [...FORCED('apiVersion'), ...FORCED('id'), 'ingestOk', 'streamConfiguration']],
    [9, [...FORCED('apiVersion'), ...FORCED('id'), 'ingestOk', 'streamConfiguration']],
    [12, [...FORCED('apiVersion'), ...FORCED('id'), 'ingestOk', 'streamConfiguration']],
  ])('%s is spared what it does not know', async (version, kinds) => {
    const indexer = await ScriptedIndexer.listen({ version, confirms: 'at once' });
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const connection = await indexer.hot(0);
    muxer.writeEntry(entry(0));
    await muxer.sync();
    expect(connection.heard.slice(0, 3 + kinds.length)).toEqual([...IDENTIFICATION, ...kinds]);
    expectArrivals(connection.arrivals, expected(0, 1));
    expect(muxer.stats().lanes[0]?.indexerVersion).toBe(version);
  });

  it('7 gets entries without their enumerated values', async () => {
    const indexer = await ScriptedIndexer.listen({ version: 7 });
    const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
    const connection = await indexer.hot(0);
    const large = Buffer.alloc(100_000, 'large');
    const inputs = ['small', large, 'after'].map((data) => ({
      ...{ timestamp: 0, tag: 0, data, enumeratedValues: { a: 1, b: 'two' } },
    }));
    for (const one of inputs) muxer.writeEntry(one);
    await connection.entries(3);
    expectArrivals(
      connection.arrivals,
      inputs.map(({ enumeratedValues: _, ...one }) => expectedArrival(one)),
    );
  });
});
