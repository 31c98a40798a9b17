import { jetstream, jetstreamManager } from '@nats-io/jetstream';
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

withServer('barrier waits for what was written before it, while more is written', async () => {
  const server = await NatsServer.start();
  const connection = await server.stream();
  const sink = new JetStreamSink({ connection, subject: 'events.{tag}' });
  const write = (count: number) => {
    for (let i = 0; i < count; i++) sink.write({ tag: 'test', timestamp: 0, data: `${i}` });
  };
  await sink.barrier();
  write(100);
  const barrier = sink.barrier();
  write(1);
  await barrier;
  const { messages } = (await (await jetstream(connection).streams.get('events')).info()).state;
  expect(messages).toBeGreaterThanOrEqual(100);
  await sink.flush();
});

withServer('what is too large can be left out, and the rest is stored', async () => {
  const server = await NatsServer.start();
  const connection = await server.connect();
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'events', subjects: ['events.>'], max_msg_size: 10_000 });
  const refused: PublishError[] = [];
  const sink = new JetStreamSink({
    connection,
    subject: 'events.{tag}',
    onUnstored: (error) => {
      refused.push(error);
      return 'drop';
    },
  });
  for (const bytes of [10, 20_000, 2_000_000, 10]) {
    sink.write({ tag: 'test', timestamp: 0, data: new Uint8Array(bytes) });
  }
  await sink.flush();
  expect(sink.stats()).toMatchObject({ published: 4, stored: 2 });
  expect(refused.map(({ isTooLarge }) => isTooLarge)).toEqual([true, true]);
});

withServer(
  'what no stream takes is published again once there is one, and stored once',
  async () => {
    const server = await NatsServer.start();
    const connection = await server.connect();
    const manager = await jetstreamManager(connection);
    const refused: PublishError[] = [];
    const sink = new JetStreamSink({
      connection,
      subject: 'events.{tag}',
      retries: 0,
      onUnstored: (error) => {
        refused.push(error);
        return 'retry';
      },
    });
    sink.write({ tag: 'test', timestamp: 0, data: 'one' });
    await eventually(() => expect(refused.length).toBeGreaterThan(0));
    expect(refused[0]?.message).toMatch(/not stored at events\.test: no stream takes it/);
    expect(refused[0]?.isTooLarge).toBe(false);
    await manager.streams.add({ name: 'events', subjects: ['events.>'] });
    await sink.flush();
    expect((await manager.streams.info('events')).state.messages).toBe(1);
  },
);

withServer(
  'an answer that is none of a stream is an error, and the next one is heard',
  async () => {
    const server = await NatsServer.start();
    const connection = await server.stream();
    let answer = 'OK';
    connection.subscribe('other.test', { callback: (_, message) => void message.respond(answer) });
    const errors: string[] = [];
    const onUnstored = ({ message }: PublishError) => {
      errors.push(message);
      return 'drop' as const;
    };
    const sink = new JetStreamSink({ connection, subject: 'other.{tag}', onUnstored });
    const entry = { tag: 'test', timestamp: 0, data: 'one' };
    for (const wrong of ['OK', 'null', '{}', '{"stream":""}']) {
      answer = wrong;
      sink.write(entry);
      await sink.flush();
    }
    expect(errors).toEqual(
      Array(4).fill(expect.stringContaining('the answer is none of a stream')),
    );
    answer = '{"stream":"events","seq":1}';
    sink.write(entry);
    await sink.flush();
    expect(sink.stats()).toMatchObject({ published: 5, stored: 1 });
  },
);

withServer('a connection that is closed fails what is not stored, and what follows', async () => {
  const server = await NatsServer.start();
  const connection = await server.stream();
  const sink = new JetStreamSink({ connection, subject: 'events.{tag}' });
  for (let i = 0; i < 100; i++) sink.write({ tag: 'test', timestamp: 0, data: `${i}` });
  const flushed = sink.flush();
  await connection.close();
  await expect(flushed).rejects.toThrow(/not stored at events\.test: .*closed/);
  expect(() => sink.write({ tag: 'test', timestamp: 0, data: 'more' })).toThrow(PublishError);
});

withServer('a bad entry is refused, and nothing is published', async () => {
  const server = await NatsServer.start();
  const sink = new JetStreamSink({ connection: await server.stream(), subject: 'events.{tag}' });
  expect(() => sink.write({ tag: 'a b', timestamp: 0, data: '' })).toThrow(/tag/);
  expect(() => sink.write({ tag: 'test', timestamp: 'soon', data: '' })).toThrow(/time/i);
  await sink.flush();
  expect(sink.stats().published).toBe(0);
});

withServer('no more is published than may wait for an answer, by count and by bytes', async () => {
  const server = await NatsServer.start();
  const connection = await server.stream();
  const entry = (bytes: number) => ({ tag: 'test', timestamp: 0, data: new Uint8Array(bytes) });
  for (const [limit, bytes] of [
    [{ maxUnconfirmed: 2 }, 1],
    [{ maxUnconfirmedBytes: 100_000 }, 60_000],
  ] as const) {
    const sink = new JetStreamSink({ connection, subject: 'events.{tag}', ...limit });
    expect(sink.write(entry(bytes))).toBeUndefined();
    const room = sink.write(entry(bytes));
    expect(room).toBeInstanceOf(Promise);
    await room;
    await sink.flush();
    expect(sink.write(entry(bytes))).toBeUndefined();
    await sink.flush();
    expect(sink.stats().stored).toBe(3);
  }
});
