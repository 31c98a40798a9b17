import { decodeEntry } from '@ringest/codec';
import { EnumeratedType, EnumeratedValue } from '@ringest/core';
import { JetStreamSink, JetStreamSource, PublishError } from '@ringest/nats';
import { expect, it, onTestFinished } from 'vitest';
import { hotMuxer } from '../support/muxer.js';
import { isNatsMissing, NatsServer } from '../support/nats-server.js';
import { RecordingIndexer } from '../support/recording-indexer.js';
import { eventually } from '../support/waiting.js';

const withServer = it.skipIf(isNatsMissing);

withServer('entries come out of a stream as they went in', async () => {
  const server = await NatsServer.start();
  const connection = await server.stream();
  const indexer = await RecordingIndexer.start({ tags: ['test', 'web'] });
  const muxer = await hotMuxer({ targets: [indexer.address], tags: ['test', 'web'] });
  const sink = new JetStreamSink({ connection, subject: 'events.{tag}', maxUnconfirmed: 10 });
  const entries = Array.from({ length: 200 }, (_, i) => ({
    tag: i % 2 === 0 ? 'test' : 'web',
    timestamp: { seconds: 981_173_106 + i, nanoseconds: i },
    data: Uint8Array.of(0, 255, i),
    ...(i % 3 === 0 && { source: '2001:db8::7' }),
    ...(i % 5 === 0 && {
      enumeratedValues: [EnumeratedValue.of('big', EnumeratedType.uint64, 2n ** 63n)],
    }),
  }));
  for (const entry of entries) await sink.write(entry);
  await sink.flush();
  expect(sink.stats()).toEqual({ published: 200, stored: 200, duplicates: 0 });
  const source = await JetStreamSource.open(muxer, {
    connection,
    stream: 'events',
    consumer: 'ingest',
    tag: 'test',
    restore: true,
  });
  const run = source.run();
  onTestFinished(() => source.stop());
  await eventually(() => expect(source.stats().acknowledged).toBe(200));
  for (const [i, { tag, bytes }] of indexer.received.entries()) {
    const entry = decodeEntry(bytes);
    expect(tag).toBe(i % 2 === 0 ? 'test' : 'web');
    expect([entry.timestamp.seconds, entry.timestamp.nanoseconds]).toEqual([981_173_106 + i, i]);
    expect([...entry.data]).toEqual([0, 255, i]);
    if (i % 3 === 0) expect(`${entry.source}`).toBe('2001:db8::7');
    const values = entry.enumeratedValues.map(({ name, type, value }) => [name, type, value]);
    expect(values).toEqual(i % 5 === 0 ? [['big', EnumeratedType.uint64, 2n ** 63n]] : []);
  }
  await source.stop();
  await run;
});

withServer('a subject that no stream stores is an error that says so', async () => {
  const server = await NatsServer.start();
  const connection = await server.stream();
  const sink = new JetStreamSink({ connection, subject: 'nobody', retries: 0 });
  sink.write({ tag: 'test', timestamp: 0, data: 'one' });
  await expect(sink.flush()).rejects.toThrow(PublishError);
  expect(() => sink.write({ tag: 'test', timestamp: 0, data: 'two' })).toThrow(/nobody/);
});

withServer('a bad entry is refused, and nothing is published', async () => {
  const server = await NatsServer.start();
  const sink = new JetStreamSink({ connection: await server.stream(), subject: 'events.{tag}' });
  expect(() => sink.write({ tag: 'a b', timestamp: 0, data: '' })).toThrow(/tag/);
  expect(() => sink.write({ tag: 'test', timestamp: 'soon', data: '' })).toThrow(/time/i);
  await sink.flush();
  expect(sink.stats().published).toBe(0);
});
