import { jetstream } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { decodeEntry } from '@ringest/codec';
import { IngestMuxer, NotRunningError } from '@ringest/core';
import { ConsumerError, JetStreamSource, type PoisonMessage } from '@ringest/nats';
import { describe, expect, it, onTestFinished } from 'vitest';
import { connected } from '../support/dittos.js';
import { hotMuxer, SECRET, SMALL_RING } from '../support/muxer.js';
import { isNatsMissing, NatsServer } from '../support/nats-server.js';
import { numbers, publish, runSource, textsOf } from '../support/nats-source.js';
import { NodeProcess, support } from '../support/node-process.js';
import { RecordingIndexer } from '../support/recording-indexer.js';
import { eventually } from '../support/waiting.js';

const withServer = it.skipIf(isNatsMissing);

describe('a message', () => {
  withServer(
    'becomes an entry with the time at which it was stored, and is acknowledged',
    async () => {
      const server = await NatsServer.start();
      const connection = await server.stream();
      const indexer = await RecordingIndexer.start();
      const muxer = await hotMuxer({ targets: [indexer.address] });
      const { source } = await runSource(muxer, connection);
      await publish(connection, 0, 300);
      await eventually(() => expect(source.stats().acknowledged).toBe(300));
      expect(textsOf(indexer)).toEqual(numbers(300));
      const info = await jetstream(connection).streams.get('events');
      const first = await info.getMessage({ seq: 1 });
      const { timestamp } = decodeEntry(indexer.received[0]?.bytes as Uint8Array);
      expect(timestamp.toString()).toBe(first?.timestamp.replace(/0+Z$/, 'Z'));
      expect(await server.left(connection)).toEqual({ toDeliver: 0, toAcknowledge: 0 });
      expect(source.stats()).toMatchObject({ received: 300, redelivered: 0, unconfirmed: 0 });
    },
  );

  withServer(
    'gets its tag by its subject, its values, time and source from its headers',
    async () => {
      const server = await NatsServer.start();
      const connection = await server.stream();
      const indexer = await RecordingIndexer.start({ tags: ['test', 'app-web', 'rest'] });
      const muxer = await hotMuxer({
        targets: [indexer.address],
        tags: ['test', 'app-web', 'rest'],
      });
      const { source } = await runSource(muxer, connection, {
        tag: [
          { subject: 'events.*.app', tag: 'app-{2}' },
          { subject: 'events.>', tag: 'rest' },
        ],
        headers: 'all',
        time: { header: 'Time' },
        source: { header: 'From' },
      });
      const stream = jetstream(connection);
      const all = headers();
      all.set('Time', '2001-02-03T04:05:06.000000007Z');
      all.set('From', '10.1.2.3');
      all.set('__proto__', 'kept');
      all.append('Color', 'red');
      all.append('Color', 'blue');
      await stream.publish('events.web.app', 'one', { headers: all, msgID: 'an id' });
      const other = headers();
      other.set('Time', '981173106.25');
      await stream.publish('events.web', 'two', { headers: other });
      await stream.publish('events.web', 'three');
      await eventually(() => expect(source.stats().acknowledged).toBe(3));
      expect(indexer.received.map(({ tag }) => tag)).toEqual(['app-web', 'rest', 'rest']);
      const [one, two] = indexer.received.map(({ bytes }) => decodeEntry(bytes));
      expect(`${one?.timestamp}`).toBe('2001-02-03T04:05:06.000000007Z');
      expect(`${two?.timestamp}`).toBe('2001-02-03T04:05:06.25Z');
      expect(`${one?.source}`).toBe('10.1.2.3');
      const values = one?.enumeratedValues.map(({ name, value }) => [name, value]);
      expect(values).toContainEqual(['Color', 'red, blue']);
      expect(values?.map(([name]) => name).sort()).toEqual(['Color', 'From', 'Time', '__proto__']);
      expect(source.stats().undated).toBe(1);
    },
  );

  withServer('of which no entry can be made is terminated, and the others arrive', async () => {
    const server = await NatsServer.start();
    const connection = await server.stream();
    const indexer = await RecordingIndexer.start();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const poison: [Error, PoisonMessage][] = [];
    const { source } = await runSource(muxer, connection, {
      tag: [{ subject: 'events.web', tag: 'test' }],
      onPoison: (error, message) => poison.push([error, message]),
    });
    const stream = jetstream(connection);
    await stream.publish('events.unknown', 'bad');
    await publish(connection, 0, 3);
    await eventually(() => expect(source.stats().acknowledged).toBe(3));
    expect(textsOf(indexer)).toEqual(numbers(3));
    expect(source.stats()).toMatchObject({ poison: 1, terminated: 1, retried: 0 });
    expect(poison[0]?.[0]).toMatchObject({ code: 'ERR_NO_TAG', subject: 'events.unknown' });
    expect(poison[0]?.[1]).toMatchObject({ sequence: 1, deliveries: 1, terminated: true });
    expect(await server.left(connection)).toEqual({ toDeliver: 0, toAcknowledge: 0 });
  });

  withServer('of which no entry can be made is delivered again as often as it may be', async () => {
    const server = await NatsServer.start();
    const connection = await server.stream({ ack_wait: 20_000_000_000 });
    const answers: string[] = [];
    connection.subscribe('$JS.ACK.>', { callback: (_, msg) => void answers.push(msg.string()) });
    const indexer = await RecordingIndexer.start();
    const muxer = await hotMuxer({ targets: [indexer.address] });
    const { source } = await runSource(muxer, connection, {
      tag: [{ subject: 'events.web', tag: 'test' }],
      poison: 'retry',
      maxDeliveries: 3,
    });
    await jetstream(connection).publish('events.unknown', 'bad');
    await eventually(() => expect(source.stats().terminated).toBe(1));
    expect(source.stats()).toMatchObject({ poison: 3, retried: 2, redelivered: 2 });
    const [first, second] = ['-NAK {"delay":1000000000}', '-NAK {"delay":2000000000}'];
    await eventually(() => expect(answers).toEqual([first, second, '+TERM']));
    const nothing = { toDeliver: 0, toAcknowledge: 0 };
    await eventually(async () => expect(await server.left(connection)).toEqual(nothing));
  });

  withServer(
    'is not acknowledged before its entry is confirmed, and is kept alive until then',
    async () => {
      const server = await NatsServer.start();
      // Without a sign of work, it would be delivered again after a second.
      const connection = await server.stream({ ack_wait: 1_000_000_000 });
      const { muxer, connection: lane } = await connected({ confirms: 'never' });
      const working = new Set<string>();
      const answers: string[] = [];
      connection.subscribe('$JS.ACK.>', {
        callback: (_, message) => {
          if (message.string() === '+WPI') working.add(message.subject);
          else answers.push(message.string());
        },
      });
      await publish(connection, 0, 20);
      const { source } = await runSource(muxer, connection);
      await lane.entries(20);
      await eventually(() => expect(working.size).toBeGreaterThanOrEqual(20));
      expect(answers).toEqual([]);
      expect(source.stats()).toMatchObject({ acknowledged: 0 });
      lane.confirmThrough(20);
      await eventually(() => expect(source.stats().acknowledged).toBeGreaterThanOrEqual(20));
      expect(new Set(answers)).toEqual(new Set(['+ACK']));
    },
  );
});

withServer('pulls no more than may be unconfirmed, and a muxer that closes ends it', async () => {
  const server = await NatsServer.start();
  const connection = await server.stream({ max_ack_pending: 100 });
  const muxer = new IngestMuxer({
    targets: ['tcp://127.0.0.1:1'],
    secret: SECRET,
    tags: ['test'],
    selfIngest: false,
    closeTimeout: 1,
  });
  onTestFinished(async () => {
    await muxer.close();
  });
  muxer.start();
  await publish(connection, 0, 500);
  const { source, run } = await runSource(muxer, connection);
  await eventually(() => expect(source.stats().unconfirmed).toBe(100));
  expect(await server.left(connection)).toEqual({ toDeliver: 400, toAcknowledge: 100 });
  const stopped = source.stop();
  await muxer.close();
  await stopped;
  await expect(run).rejects.toThrow(NotRunningError);
  expect(source.stats()).toMatchObject({ received: 100, acknowledged: 0 });
});

withServer('stop gives back what is not written, and waits for the rest', async () => {
  const server = await NatsServer.start();
  const connection = await server.stream();
  const indexer = await RecordingIndexer.start({ ackDelay: 200 });
  const muxer = await hotMuxer({ targets: [indexer.address], ringBytes: SMALL_RING });
  await publish(connection, 0, 3000);
  const { source, run } = await runSource(muxer, connection);
  // The first request is a small one. By now messages of the second wait for room in the ring.
  await indexer.entries(300);
  await source.stop();
  await run;
  const { received, acknowledged, retried, unconfirmed } = source.stats();
  expect(unconfirmed).toBe(0);
  expect(acknowledged + retried).toBe(received);
  expect(acknowledged).toBe(indexer.received.length);
});

withServer('goes on when the server was away', async () => {
  const server = await NatsServer.start();
  const connection = await server.stream({ ack_wait: 1_000_000_000 });
  const indexer = await RecordingIndexer.start();
  const muxer = await hotMuxer({ targets: [indexer.address] });
  const { source } = await runSource(muxer, connection);
  await publish(connection, 0, 100);
  await eventually(() => expect(source.stats().acknowledged).toBe(100));
  await server.kill();
  await server.start();
  await publish(connection, 100, 200);
  await eventually(() => expect(new Set(textsOf(indexer)).size).toBe(200));
  await eventually(async () =>
    expect(await server.left(connection)).toEqual({ toDeliver: 0, toAcknowledge: 0 }),
  );
});

withServer(
  'three processes on one consumer lose nothing while each is killed in turn',
  async () => {
    const COUNT = 6000;
    const server = await NatsServer.start();
    const connection = await server.stream({ ack_wait: 2_000_000_000 });
    const indexer = await RecordingIndexer.start();
    const script = support('nats-ingester.mjs');
    const start = async () => {
      const one = new NodeProcess(script, [server.url, indexer.address, SECRET]);
      await one.says('stderr', /running/);
      return one;
    };
    const processes = await Promise.all([start(), start(), start()]);
    for (let part = 0; part < 3; part++) {
      await publish(connection, (part * COUNT) / 3, ((part + 1) * COUNT) / 3);
      await indexer.entries((part * COUNT) / 3 + 100);
      await processes[part]?.end('SIGKILL');
      processes[part] = await start();
    }
    await eventually(() => expect(new Set(textsOf(indexer)).size).toBe(COUNT));
    await eventually(async () =>
      expect(await server.left(connection)).toEqual({ toDeliver: 0, toAcknowledge: 0 }),
    );
    for (const one of processes) expect(await one.end('SIGTERM'), one.stderr).toBe(0);
    // What arrived twice was delivered twice.
    const { delivered } = await server.consumer(connection);
    expect(indexer.received.length).toBeLessThanOrEqual(delivered.consumer_seq);
  },
);

describe('a consumer that a source cannot use', () => {
  const open = (connection: NatsConnection, consumer: string) =>
    JetStreamSource.open(new IngestMuxer({ targets: ['tcp://127.0.0.1:1'], secret: SECRET }), {
      ...{ connection, stream: 'events', tag: 'test', consumer },
    });

  withServer('is one that is not there, or has no name', async () => {
    const connection = await (await NatsServer.start()).stream();
    await expect(open(connection, 'nobody')).rejects.toThrow(ConsumerError);
    const unnamed = { code: 'ERR_INVALID_ARGUMENT' };
    await expect(open(connection, 'no.name')).rejects.toMatchObject(unnamed);
  });

  withServer.each([
    ['acknowledges all before a message', { ack_policy: 'all' }, /ack_policy is all/],
    ['leaves out the data', { headers_only: true }, /headers_only/],
    ['ends requests too soon', { max_expires: 500_000_000 }, /max_expires is 500 ms/],
  ])('is one that %s', async (_what, consumer, problem) => {
    const connection = await (await NatsServer.start()).stream(consumer);
    await expect(open(connection, 'ingest')).rejects.toThrow(problem);
  });
});
