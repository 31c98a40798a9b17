import { once } from 'node:events';
import { connect } from 'node:net';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { BacklogFullError, type IngestMuxer, TagRefusedError } from '@ringest/core';
import { UnreadableMessageError } from '@ringest/nats';
import { describe, expect, it } from 'vitest';
import { connected } from '../support/dittos.js';
import { hotMuxer, SMALL_RING } from '../support/muxer.js';
import { isNatsMissing, NatsServer } from '../support/nats-server.js';
import { numbers, publish, runSource, textsOf } from '../support/nats-source.js';
import { Receiver } from '../support/receiver.js';
import { ScriptedIndexer } from '../support/scripted-indexer.js';
import { eventually } from '../support/waiting.js';

const withServer = it.skipIf(isNatsMissing);

const NOTHING_LEFT = { toDeliver: 0, toAcknowledge: 0 };

/** Messages of this size fill a ring of `SMALL_RING` soon. */
const entryOf = (data: string) => ({ timestamp: 1, tag: 0, data: data.padEnd(10_000) });

/** Writes until the backlog is full. Returns how many entries were written. */
function fill(muxer: IngestMuxer): number {
  for (let written = 0; ; written++) {
    try {
      muxer.writeEntry(entryOf('before'))?.catch(() => {});
    } catch (error) {
      expect(error).toBeInstanceOf(BacklogFullError);
      return written;
    }
  }
}

/** Publishes a message with bytes for headers that no client of NATS would write. */
async function publishRaw(url: string, headers: string, data: string): Promise<void> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1');
  const block = `NATS/1.0\r\n${headers}\r\n\r\n`;
  const sizes = `${block.length} ${block.length + data.length}`;
  socket.write('CONNECT {"verbose":false,"headers":true}\r\n');
  socket.write(`HPUB events.web ${sizes}\r\n${block}${data}\r\nPING\r\n`);
  let answer = '';
  socket.on('data', (text) => {
    answer += text;
    if (answer.includes('PONG')) socket.end();
  });
  await once(socket, 'close');
}

describe('a message', () => {
  withServer('whose headers cannot be read is terminated, and the others arrive', async () => {
    const server = await NatsServer.start();
    const connection = await server.stream();
    const receiver = await Receiver.start();
    const muxer = await hotMuxer({ targets: [receiver.address] });
    await publishRaw(server.url, 'a name: x', 'bad');
    await publish(connection, 0, 3);
    const errors: Error[] = [];
    const onPoison = (error: Error) => errors.push(error);
    const { source } = await runSource(muxer, connection, { headers: 'all', onPoison });
    await eventually(() => expect(source.stats().acknowledged).toBe(3));
    expect(textsOf(receiver)).toEqual(numbers(3));
    expect(source.stats()).toMatchObject({ poison: 1, terminated: 1 });
    expect(errors).toEqual([expect.any(UnreadableMessageError)]);
    await eventually(async () => expect(await server.left(connection)).toEqual(NOTHING_LEFT));
  });

  withServer(
    'whose tag every indexer refuses ends the source, and comes again where one takes it',
    async () => {
      const server = await NatsServer.start();
      // Older servers deliver one message that was given back only after this.
      const connection = await server.stream({ ack_wait: 1_000_000_000 });
      const indexer = await ScriptedIndexer.listen({
        confirms: 'at once',
        numberTag: (name) => (name === 'web' ? undefined : 7),
      });
      const muxer = await hotMuxer({ targets: [indexer.address] });
      const refused = once(muxer, 'error');
      muxer.negotiateTag('web');
      await refused;
      await publish(connection, 0, 20);
      const tag = [{ subject: 'events.*', tag: '{2}' }];
      const { source, run } = await runSource(muxer, connection, { tag });
      await expect(run).rejects.toThrow(TagRefusedError);
      expect(source.stats()).toMatchObject({ poison: 0, terminated: 0, acknowledged: 0 });
      const receiver = await Receiver.start();
      const other = await hotMuxer({ targets: [receiver.address] });
      await runSource(other, connection, { tag });
      await eventually(() =>
        expect([...new Set(textsOf(receiver))].sort()).toEqual(numbers(20).sort()),
      );
    },
  );

  withServer('waits while others fill the backlog', async () => {
    const server = await NatsServer.start();
    const connection = await server.stream();
    const small = { ringBytes: SMALL_RING, backlogBytes: 1 };
    const { muxer, connection: lane } = await connected({ confirms: 'never' }, small);
    const before = fill(muxer);
    await publish(connection, 0, 5);
    const { source } = await runSource(muxer, connection);
    await eventually(() => expect(source.stats().received).toBe(5));
    for (let seen = 1; seen <= before + 5; seen++) {
      await lane.entries(seen);
      lane.confirmThrough(seen);
    }
    await eventually(() => expect(source.stats()).toMatchObject({ acknowledged: 5, poison: 0 }));
  });
});

/** The sizes of the requests for messages from now on. */
async function requestsOf(connection: NatsConnection): Promise<number[]> {
  const sizes: number[] = [];
  connection.subscribe('$JS.API.CONSUMER.MSG.NEXT.>', {
    callback: (_, message) => void sizes.push(message.json<{ batch: number }>().batch),
  });
  await connection.flush();
  return sizes;
}

describe('requests for messages', () => {
  withServer('are as small as the consumer allows, also when it allows less later', async () => {
    const server = await NatsServer.start();
    const connection = await server.stream({ max_batch: 10, max_expires: 1_000_000_000 });
    const sizes = await requestsOf(connection);
    const receiver = await Receiver.start();
    const muxer = await hotMuxer({ targets: [receiver.address] });
    const troubles: string[] = [];
    const onTrouble = ({ message }: Error) => troubles.push(message);
    await publish(connection, 0, 25);
    const { source } = await runSource(muxer, connection, { onTrouble });
    await eventually(() => expect(source.stats().acknowledged).toBe(25));
    expect(Math.max(...sizes)).toBe(10);
    expect(troubles).toEqual([]);
    const manager = await jetstreamManager(connection);
    await manager.consumers.update('events', 'ingest', { max_batch: 3 } as object);
    await eventually(() => expect(troubles).toContain('exceeded maxrequestbatch of 3'));
    await publish(connection, 25, 40);
    await eventually(() => expect(source.stats().acknowledged).toBe(40));
  });

  withServer('expect messages of the same size after one that brought none', async () => {
    const server = await NatsServer.start();
    const connection = await server.stream({ max_expires: 1_000_000_000 });
    const sizes = await requestsOf(connection);
    const receiver = await Receiver.start();
    const muxer = await hotMuxer({ targets: [receiver.address] });
    connection.publish('events.web', 'x'.repeat(100_000));
    await connection.flush();
    const { source } = await runSource(muxer, connection, { maxUnconfirmedBytes: 1_000_000 });
    await eventually(() => expect(source.stats().acknowledged).toBe(1));
    await eventually(() => expect(sizes.slice(-2)).toEqual([9, 9]));
  });
});

describe('while the server is away', () => {
  withServer('what is confirmed is acknowledged once it is there again', async () => {
    const server = await NatsServer.start();
    const connection = await server.stream();
    const { muxer, connection: lane } = await connected({ confirms: 'never' });
    await publish(connection, 0, 20);
    const { source } = await runSource(muxer, connection);
    await lane.entries(20);
    await server.kill();
    lane.confirmThrough(20);
    await eventually(() => expect(muxer.stats().confirmedEntries).toBe(20));
    expect(source.stats()).toMatchObject({ acknowledged: 0, unconfirmed: 20 });
    await server.start();
    // The server was killed, and may have forgotten that it has delivered some of them: these come again.
    await eventually(async () => {
      lane.confirmThrough(lane.frames.length);
      expect(await server.left(connection)).toEqual(NOTHING_LEFT);
      const { received, acknowledged, unconfirmed } = source.stats();
      expect([acknowledged, unconfirmed]).toEqual([received, 0]);
    });
    expect(source.stats().received).toBeGreaterThanOrEqual(20);
  });

  withServer('a source that has nothing stops without an error', async () => {
    const server = await NatsServer.start();
    const connection = await server.stream();
    const receiver = await Receiver.start();
    const muxer = await hotMuxer({ targets: [receiver.address] });
    await publish(connection, 0, 3);
    const { source, run } = await runSource(muxer, connection);
    await eventually(() => expect(source.stats().acknowledged).toBe(3));
    await server.kill();
    await source.stop();
    await run;
    expect(source.stats()).toMatchObject({ acknowledged: 3, unconfirmed: 0 });
  });
});

withServer('stop gives back what is not written, though indexers confirm nothing', async () => {
  const server = await NatsServer.start();
  const connection = await server.stream();
  const small = { ringBytes: SMALL_RING, backlogBytes: 1 };
  const { muxer } = await connected({ confirms: 'never' }, small);
  fill(muxer);
  await publish(connection, 0, 10);
  const { source, run } = await runSource(muxer, connection);
  await eventually(() => expect(source.stats().received).toBe(10));
  const stopped = source.stop();
  await eventually(() => expect(source.stats()).toMatchObject({ retried: 9, unconfirmed: 1 }));
  await muxer.close();
  await stopped;
  await expect(run).rejects.toThrow();
});
