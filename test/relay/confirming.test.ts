import { encodeForceAck, encodeIngestOk } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { cachedData, copyAsAfterCrash, numberedFrom, unusedAddress } from '../support/caching.js';
import { encodeFrame, IngesterClient } from '../support/ingester-client.js';
import { lightChallenges } from '../support/light-challenges.js';
import { hotMuxer, SECRET, SMALL_RING } from '../support/muxer.js';
import { Receiver } from '../support/receiver.js';
import { startRelay } from '../support/relaying.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { turn, until, watch } from '../support/waiting.js';

/** A client with the tag `test`, and frames of it. */
async function clientOf(address: string) {
  lightChallenges();
  const { client, tags } = await IngesterClient.hot(address, SECRET, ['test']);
  const tag = tags.get('test') as number;
  const frame = (id: number, bytes = 10) =>
    encodeFrame(id, { timestamp: id, tag, data: Buffer.alloc(bytes, id) });
  const confirmed: number[] = [];
  const reading = (async () => {
    for (let message = await client.next(); message; message = await client.next()) {
      if (message.kind === 'confirmEntry') confirmed.push(message.id);
    }
  })();
  return { client, frame, confirmed, reading };
}

async function someTurns(): Promise<void> {
  for (let i = 0; i < 30; i++) await turn();
}

describe('a relay without a journal', () => {
  it('confirms what its indexer has confirmed, and nothing else', async () => {
    const indexer = await ScriptedIndexer.listen();
    const { address } = await startRelay({ muxer: { targets: [indexer.address] } });
    const { client, frame, confirmed } = await clientOf(address);
    client.write(Buffer.concat([1, 2, 3].map((id) => frame(id))));
    const upstream = await indexer.hot(0);
    await upstream.entries(3);
    await someTurns();
    expect(confirmed).toEqual([]);
    upstream.confirmThrough(2);
    client.write(frame(4));
    await upstream.entries(4);
    await someTurns();
    upstream.confirmThrough(4);
    await until('confirmations', () => confirmed.length === 4);
    expect(confirmed).toEqual([1, 2, 3, 4]);
  });

  it('asks its indexer to confirm when an ingester asks', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'on flush' });
    const { address } = await startRelay({ muxer: { targets: [indexer.address] } });
    const { client, frame, confirmed } = await clientOf(address);
    client.write(Buffer.concat([frame(1), frame(2), encodeForceAck()]));
    await until('confirmations', () => confirmed.length === 2);
  });

  it('confirms nothing of an indexer that is lost, and all of it once another one has it', async () => {
    const indexer = await ScriptedIndexer.listen();
    const { address } = await startRelay({ muxer: { targets: [indexer.address] } });
    const { client, frame, confirmed } = await clientOf(address);
    client.write(Buffer.concat([1, 2, 3].map((id) => frame(id))));
    const first = await indexer.hot(0);
    await first.entries(3);
    first.socket.destroy();
    const second = await indexer.hot(1);
    await second.entries(3);
    expect(confirmed).toEqual([]);
    second.confirmThrough(3);
    await until('confirmations', () => confirmed.length === 3);
  });

  it('stops reading when its indexer does, and holds little', async () => {
    const indexer = await ScriptedIndexer.listen();
    const { relay, address } = await startRelay({
      muxer: { targets: [indexer.address], ringBytes: 65_536 },
    });
    const upstream = await indexer.hot(0);
    upstream.socket.pause();
    const muxer = await hotMuxer({ targets: [address], ringBytes: 1_048_576 });
    const written = watch(
      (async () => {
        for (let i = 0; i < 4000; i += 10) await muxer.writeBatch(numberedFrom(i, i + 10, 10_000));
      })(),
    );
    const entries = () => relay.stats().listeners[0]?.entries ?? 0;
    // The systems' buffers fill up, and then nothing moves any more.
    let before = -1;
    for (let same = 0; same < 20; ) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      same = entries() === before ? same + 1 : 0;
      before = entries();
    }
    expect(written.settled).toBe(false);
    expect(relay.stats().muxers.get('')?.backlogEntries).toBeLessThan(100);
    upstream.socket.resume();
    const confirming = setInterval(() => {
      const { length } = upstream.frames;
      if (length > 0) upstream.confirmThrough(length);
    }, 5);
    await written.promise;
    await muxer.sync();
    clearInterval(confirming);
    expect(entries()).toBe(4000);
  });

  it('forgets what waits for room when the connection that it came by has ended', async () => {
    const indexer = await ScriptedIndexer.listen();
    const { relay, address } = await startRelay({
      muxer: { targets: [indexer.address], ringBytes: SMALL_RING },
    });
    const backlog = () => relay.stats().muxers.get('')?.backlogEntries ?? 0;
    for (let i = 0; i < 3; i++) {
      const { client, frame } = await clientOf(address);
      for (let id = 1; id <= 20; id++) client.write(frame(id, 10_000));
      await until('a backlog', () => backlog() > 0);
      client.destroy();
      await until('none', () => backlog() === 0);
    }
  });

  it('asks its indexer once at a time, however often ingesters ask', async () => {
    const indexer = await ScriptedIndexer.listen();
    const { address } = await startRelay({ muxer: { targets: [indexer.address] } });
    const { client, frame, confirmed } = await clientOf(address);
    const upstream = await indexer.hot(0);
    const before = upstream.flushes;
    for (let id = 1; id <= 20; id++) {
      client.write(Buffer.concat([frame(id), encodeForceAck()]));
      await upstream.entries(id);
    }
    await upstream.until('a question', () => upstream.flushes > before);
    // The worker of the lane asks now and then, too.
    expect(upstream.flushes - before).toBeLessThan(10);
    upstream.confirmThrough(20);
    await until('confirmations', () => confirmed.length === 20);
    const asked = upstream.flushes;
    client.write(Buffer.concat([frame(21), encodeForceAck()]));
    await upstream.until('the next question', () => upstream.flushes > asked);
  });

  it('confirms what it has read before it ends, if its indexer does', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'on flush' });
    const { relay, address } = await startRelay({
      muxer: { targets: [indexer.address], closeTimeout: 20_000 },
    });
    const { client, frame, confirmed, reading } = await clientOf(address);
    client.write(frame(1));
    await (await indexer.hot(0)).entries(1);
    expect(await relay.close()).toEqual({ unconfirmed: 0, cached: 0 });
    await reading;
    expect(confirmed).toEqual([1]);
  });

  it('ends in time without confirming what its indexer has not', async () => {
    const indexer = await ScriptedIndexer.listen();
    const { relay, address } = await startRelay({ muxer: { targets: [indexer.address] } });
    const { client, frame, confirmed, reading } = await clientOf(address);
    client.write(frame(1));
    await (await indexer.hot(0)).entries(1);
    expect(await relay.close()).toEqual({ unconfirmed: 1, cached: 0 });
    await reading;
    expect(confirmed).toEqual([]);
  });
});

describe('a relay with a journal', () => {
  it('confirms what is on disk, without any indexer', async () => {
    const { address: nobody } = await unusedAddress();
    const path = temporaryDirectory();
    const { address } = await startRelay({
      muxer: { targets: [nobody], cache: { path, mode: 'journal' } },
    });
    const muxer = await hotMuxer({ targets: [address] });
    muxer.writeBatch(numberedFrom(0, 100));
    await muxer.sync();
    expect(await cachedData(copyAsAfterCrash(path))).toHaveLength(100);
  });

  it('tells ingesters to wait while nobody takes what they have', async () => {
    const { address: nobody, listen } = await unusedAddress();
    const { relay, address } = await startRelay({
      muxer: {
        targets: [nobody],
        ringBytes: SMALL_RING,
        cache: { path: temporaryDirectory(), mode: 'journal', maxBytes: 2 ** 20 },
      },
    });
    lightChallenges();
    const isReady = async () => {
      const { client } = await IngesterClient.hot(address, SECRET, ['test']);
      client.write(encodeIngestOk());
      const { ok } = await client.expect('confirmIngestOk');
      client.destroy();
      return ok;
    };
    expect(await isReady()).toBe(true);
    const { client, frame } = await clientOf(address);
    for (let id = 1; id <= 400; id++) client.write(frame(id, 10_000));
    await until('a full journal', () => relay.stats().muxers.get('')?.cache?.isFull === true);
    expect(await isReady()).toBe(false);
    const receiver = await Receiver.start({ listen });
    await until('all', () => receiver.received.length >= 400);
    expect(await isReady()).toBe(true);
  });

  it('goes on while one block after the other is on its way to the disk', async () => {
    const indexer = await ScriptedIndexer.listen({ confirms: 'at once' });
    const { address } = await startRelay({
      muxer: {
        targets: [indexer.address],
        cache: { path: temporaryDirectory(), mode: 'journal', sync: { everyMs: 200 } },
      },
    });
    const { client, frame, confirmed } = await clientOf(address);
    for (let id = 1; id <= 50; id++) {
      client.write(frame(id));
      await turn();
    }
    const upstream = await indexer.hot(0);
    await upstream.entries(50);
    await until('confirmations', () => confirmed.length === 50);
    expect(confirmed).toEqual(Array.from({ length: 50 }, (_, i) => i + 1));
  });
});
