import { decodeEntry, EnumeratedType, EnumeratedValue } from '@ringest/codec';
import { KafkaSink, SendError } from '@ringest/kafka';
import { type Kafka, KafkaJSNonRetriableError, type KafkaJSProtocolError } from 'kafkajs';
import { expect, it, onTestFinished } from 'vitest';
import { isKcatMissing, KafkaBrokers } from '../support/kafka-brokers.js';
import { runSource } from '../support/kafka-source.js';
import { hotMuxer } from '../support/muxer.js';
import { RecordingIndexer } from '../support/recording-indexer.js';
import { eventually } from '../support/waiting.js';

const withBrokers = it.skipIf(isKcatMissing);

withBrokers('a source makes the entries again that a sink has published', async () => {
  const COUNT = 500;
  const brokers = await KafkaBrokers.start();
  await brokers.topics('of-app', 'of-web');
  const tags = ['app', 'web'];
  const indexer = await RecordingIndexer.start({ tags });
  const muxer = await hotMuxer({ targets: [indexer.address], tags });
  const sink = await KafkaSink.open({
    kafka: brokers.client(),
    topic: 'of-{tag}',
    maxUnconfirmed: 50,
    maxRequestBytes: 4000,
  });
  onTestFinished(() => sink.close());
  const data = new Uint8Array([1, 2, 0xff]);
  const enumeratedValues = [
    EnumeratedValue.of('Count', EnumeratedType.uint16, 7),
    EnumeratedValue.of('Name', EnumeratedType.string, 'ü'),
  ];
  await sink.write({
    tag: 'web',
    timestamp: '2001-02-03T04:05:06.000000007Z',
    data,
    source: '10.1.2.3',
    enumeratedValues,
  });
  data.fill(0);
  for (let i = 0; i < COUNT; i++) await sink.write({ tag: 'app ', timestamp: i, data: `${i}` });
  await sink.flush();
  const { published, stored, requests } = sink.stats();
  expect({ published, stored }).toEqual({ published: COUNT + 1, stored: COUNT + 1 });
  expect(requests).toBeLessThan(COUNT);
  expect(() => sink.write({ tag: 'a tag', timestamp: 0, data: '' })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_TAG' }),
  );

  const topics = ['of-app', 'of-web'];
  const { source } = await runSource(muxer, brokers, { topics, tag: 'app', restore: true });
  await eventually(() => expect(source.stats().committed).toBe(COUNT + 1));
  const found = indexer.received.find(({ tag }) => tag === 'web');
  const entry = decodeEntry(found?.bytes as Uint8Array);
  expect([...entry.data]).toEqual([1, 2, 0xff]);
  expect(`${entry.timestamp} ${entry.source}`).toBe('2001-02-03T04:05:06.000000007Z 10.1.2.3');
  expect(entry.enumeratedValues).toEqual(enumeratedValues);
  const others = indexer.received.filter(({ tag }) => tag === 'app');
  const texts = others.map(({ bytes }) => Buffer.from(decodeEntry(bytes).data).toString());
  expect(new Set(texts)).toEqual(new Set(Array.from({ length: COUNT }, (_, i) => `${i}`)));
  expect(texts.length).toBe(COUNT);
  // Requests go to one partition after the other.
  const offsets = await brokers.committed('ingest', 'of-app');
  expect(offsets.filter((offset) => offset > 0).length).toBe(4);
});

withBrokers('a sink whose brokers are gone says what is not stored', async () => {
  const brokers = await KafkaBrokers.start();
  await brokers.topics('events');
  const sink = await KafkaSink.open({
    kafka: brokers.client(),
    topic: 'events',
    producer: { retry: { retries: 1, initialRetryTime: 20 } },
  });
  sink.write({ tag: 'test', timestamp: 0, data: 'stored' });
  await sink.flush();
  await brokers.kill();
  sink.write({ tag: 'test', timestamp: 0, data: 'not stored' });
  await expect(sink.flush()).rejects.toThrow(SendError);
  expect(() => sink.write({ tag: 'test', timestamp: 0, data: '' })).toThrow(SendError);
  expect(sink.stats()).toMatchObject({ published: 2, stored: 1 });
  await expect(sink.close()).rejects.toThrow(SendError);
});

/** The brokers of a client, if they took messages of so many bytes only. The mock cluster takes all. */
function taking(kafka: Kafka, bytes: number): Kafka {
  const producerOf = kafka.producer.bind(kafka);
  kafka.producer = (config) => {
    const producer = producerOf(config);
    const send: typeof producer.send = async (record) => {
      const size = record.messages.reduce((sum, { value }) => sum + (value?.length ?? 0), 0);
      if (size <= bytes) return producer.send(record);
      const answer = new Error('too large') as KafkaJSProtocolError;
      Object.assign(answer, { type: 'MESSAGE_TOO_LARGE', code: 10, retriable: false });
      throw Object.assign(new KafkaJSNonRetriableError(answer), { cause: answer });
    };
    return { ...producer, send };
  };
  return kafka;
}

withBrokers('what is too large can be left out, and the rest is stored', async () => {
  const brokers = await KafkaBrokers.start();
  await brokers.topics('events');
  const refused: SendError[] = [];
  const sink = await KafkaSink.open({
    kafka: taking(brokers.client(), 1000),
    topic: 'events',
    onUnstored: (error) => {
      refused.push(error);
      return 'drop';
    },
  });
  onTestFinished(() => sink.close());
  for (const bytes of [10, 600, 600, 2000, 10]) {
    sink.write({ tag: 'test', timestamp: 0, data: new Uint8Array(bytes) });
  }
  await sink.flush();
  expect(sink.stats()).toMatchObject({ published: 5, stored: 4 });
  expect(refused.map(({ entries, isTooLarge }) => ({ entries, isTooLarge }))).toEqual([
    { entries: 1, isTooLarge: true },
  ]);
});

withBrokers('barrier waits for what was written before it, while more is written', async () => {
  const brokers = await KafkaBrokers.start();
  await brokers.topics('one', 'two');
  const sink = await KafkaSink.open({ kafka: brokers.client(), topic: '{tag}' });
  onTestFinished(() => sink.close());
  await sink.barrier();
  for (let i = 0; i < 100; i++) {
    sink.write({ tag: i % 2 === 0 ? 'one' : 'two', timestamp: 0, data: `${i}` });
  }
  const barrier = sink.barrier();
  sink.write({ tag: 'one', timestamp: 0, data: 'more' });
  await barrier;
  expect(sink.stats().stored).toBeGreaterThanOrEqual(100);
  expect(() => sink.write({ tag: 'ä', timestamp: 0, data: '' })).toThrow(/topic/);
  await sink.flush();
  expect(sink.stats()).toMatchObject({ published: 101, stored: 101 });
});

withBrokers('no more is written than may wait for brokers, by count and by bytes', async () => {
  const brokers = await KafkaBrokers.start();
  await brokers.topics('events');
  const entry = (bytes: number) => ({ tag: 'test', timestamp: 0, data: new Uint8Array(bytes) });
  for (const [limit, bytes] of [
    [{ maxUnconfirmed: 2 }, 1],
    [{ maxUnconfirmedBytes: 100_000 }, 60_000],
  ] as const) {
    const sink = await KafkaSink.open({ kafka: brokers.client(), topic: 'events', ...limit });
    expect(sink.write(entry(bytes))).toBeUndefined();
    const room = sink.write(entry(bytes));
    expect(room).toBeInstanceOf(Promise);
    await room;
    await sink.flush();
    expect(sink.write(entry(bytes))).toBeUndefined();
    await sink.close();
    expect(sink.stats().stored).toBe(3);
  }
});
