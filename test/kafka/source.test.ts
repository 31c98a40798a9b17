import { decodeEntry } from '@ringest/codec';
import { EntriesLostError, type IngestMuxer, NotRunningError } from '@ringest/core';
import { type PoisonMessage, PoisonMessageError, type SourceMuxer } from '@ringest/kafka';
import { expect, it } from 'vitest';
import { isKcatMissing, KafkaBrokers } from '../support/kafka-brokers.js';
import { numbers, runSource, textsOf, total } from '../support/kafka-source.js';
import { hotMuxer, newMuxer } from '../support/muxer.js';
import { RecordingIndexer } from '../support/recording-indexer.js';
import { eventually } from '../support/waiting.js';

const withBrokers = it.skipIf(isKcatMissing);

withBrokers('messages become entries, and their offsets are committed', async () => {
  const brokers = await KafkaBrokers.start();
  await brokers.topics('events', 'web.app', 'unknown');
  const tags = ['test', 'app-web'];
  const indexer = await RecordingIndexer.start({ tags });
  const muxer = await hotMuxer({ targets: [indexer.address], tags });
  const poison: [Error, PoisonMessage][] = [];
  const { source } = await runSource(muxer, brokers, {
    topics: ['events', 'web.app', 'unknown'],
    tag: [
      { topic: '*.app', tag: 'app-{1}' },
      { topic: 'events', tag: 'test' },
    ],
    headers: 'all',
    key: 'Key',
    metadata: true,
    time: { header: 'Time' },
    source: { header: 'From' },
    onPoison: (error, message) => poison.push([error, message]),
  });
  const headers = {
    Time: '2001-02-03T04:05:06.000000007Z',
    From: '10.1.2.3',
    Color: ['red', 'blue'],
    Raw: Buffer.from([0xff, 0]),
  };
  await brokers.publish('web.app', [{ value: 'one', key: 'a key', headers, partition: 0 }]);
  await brokers.publish('unknown', [{ value: 'bad', partition: 2 }]);
  await brokers.publish('events', [{ value: null, timestamp: '981173106250' }, ...numbers(0, 100)]);
  await eventually(() => expect(source.stats().committed).toBe(103));

  expect(source.stats()).toMatchObject({ received: 103, poison: 1, undated: 101, unconfirmed: 0 });
  expect(source.stats()).toMatchObject({ redelivered: 0, retried: 0, partitions: 12 });
  expect(await brokers.committed('ingest', 'web.app')).toEqual([1, -1, -1, -1]);
  expect(await brokers.committed('ingest', 'unknown')).toEqual([-1, -1, 1, -1]);
  expect(total(await brokers.committed('ingest', 'events'))).toBe(101);

  expect(poison[0]?.[0]).toMatchObject({ code: 'ERR_NO_TAG', subject: 'unknown' });
  expect(poison[0]?.[1]).toMatchObject({ topic: 'unknown', partition: 2, offset: '0', key: null });
  const one = indexer.received.find(({ tag }) => tag === 'app-web');
  const entry = decodeEntry(one?.bytes as Uint8Array);
  expect(`${entry.timestamp}`).toBe('2001-02-03T04:05:06.000000007Z');
  expect(`${entry.source}`).toBe('10.1.2.3');
  const values = entry.enumeratedValues.map(({ name, value }) => [name, value]);
  expect(values).toContainEqual(['Color', 'red, blue']);
  expect(values).toContainEqual(['Key', 'a key']);
  expect(values).toContainEqual(['topic', 'web.app']);
  expect(values).toContainEqual(['partition', 0n]);
  expect(values).toContainEqual(['offset', 0n]);
  expect(values).toContainEqual(['Raw', Buffer.from([0xff, 0])]);
  const texts = textsOf(indexer);
  const undated = indexer.received[texts.indexOf('')]?.bytes as Uint8Array;
  expect(`${decodeEntry(undated).timestamp}`).toBe('2001-02-03T04:05:06.25Z');
  expect(new Set(texts)).toEqual(
    new Set(['', 'one', ...numbers(0, 100).map(({ value }) => value)]),
  );
});

withBrokers(
  'a source stops at a message that no entry can be made of, if it is told to',
  async () => {
    const brokers = await KafkaBrokers.start();
    await brokers.topics('events');
    const indexer = await RecordingIndexer.start();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const bad = { value: 'bad', partition: 3, headers: { 'Ringest-Tag': 'no tag' } };
    await brokers.publish('events', [
      ...numbers(0, 50).map((one) => ({ ...one, partition: 3 })),
      bad,
      { value: 'after it', partition: 3 },
    ]);
    const { source, run } = await runSource(muxer, brokers, { poison: 'stop', restore: true });
    const error = await run.catch((reason) => reason);
    expect(error).toBeInstanceOf(PoisonMessageError);
    expect(error).toMatchObject({ topic: 'events', partition: 3, offset: '50' });
    expect(error.cause).toMatchObject({ code: 'ERR_INVALID_TAG' });
    expect(await brokers.committed('ingest', 'events')).toEqual([-1, -1, -1, 50]);
    expect(source.stats()).toMatchObject({ received: 50, committed: 50, poison: 1 });
    expect(textsOf(indexer)).toEqual(numbers(0, 50).map(({ value }) => value));
  },
);

withBrokers(
  'no more is read than may be unconfirmed, and a muxer that closes ends it',
  async () => {
    const brokers = await KafkaBrokers.start();
    await brokers.topics('events');
    await brokers.publish('events', numbers(0, 500));
    const away = newMuxer({ targets: ['tcp://127.0.0.1:1'], closeTimeout: 1 });
    away.start();
    const { source, run } = await runSource(away, brokers, { maxUnconfirmed: 100 });
    await eventually(() => expect(source.stats().unconfirmed).toBe(100));
    expect(await brokers.committed('ingest', 'events')).toEqual([-1, -1, -1, -1]);
    const stopped = source.stop();
    await away.close();
    await stopped;
    await expect(run).rejects.toThrow(NotRunningError);
    expect(source.stats()).toMatchObject({ received: 100, committed: 0 });
  },
);

/** A muxer that drops once what waits for a barrier, as a full cache does: the third of them. */
function droppingOnce(muxer: IngestMuxer): SourceMuxer {
  let barriers = 0;
  return {
    writeEntry: (entry) => muxer.writeEntry(entry),
    negotiateTag: (name) => muxer.negotiateTag(name),
    barrier: async (options) => {
      const drops = ++barriers === 3;
      await muxer.barrier(options);
      if (drops) throw new EntriesLostError(1, 'dropped');
    },
  };
}

withBrokers('messages whose entries were dropped from a cache are read again', async () => {
  const brokers = await KafkaBrokers.start();
  await brokers.topics('events');
  const indexer = await RecordingIndexer.start();
  const muxer = await hotMuxer({ targets: [indexer.address] });
  await brokers.publish('events', numbers(0, 1000));
  const { source } = await runSource(droppingOnce(muxer), brokers, { maxUnconfirmed: 200 });
  await eventually(() => expect(source.stats().committed).toBe(1000));
  const { received, redelivered, retried } = source.stats();
  expect(retried).toBeGreaterThan(0);
  expect(redelivered).toBe(retried);
  expect(received).toBe(1000 + retried);
  expect(total(await brokers.committed('ingest', 'events'))).toBe(1000);
});

withBrokers('a source whose brokers are gone can be stopped', async () => {
  const brokers = await KafkaBrokers.start();
  await brokers.topics('events');
  const indexer = await RecordingIndexer.start();
  const muxer = await hotMuxer({ targets: [indexer.address] });
  await brokers.publish('events', numbers(0, 100));
  const { source, run } = await runSource(muxer, brokers, { commitInterval: 60_000 });
  await indexer.entries(100);
  // Otherwise entries may still wait for their confirmation when it ends.
  await muxer.sync();
  await brokers.kill();
  await source.stop();
  await run;
  const { received, retried } = source.stats();
  expect(source.stats()).toMatchObject({ committed: 0, unconfirmed: 0 });
  expect(retried).toBe(received);
});
