import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeEntry } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { isNatsMissing, NatsServer } from '../../support/nats-server.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { pull, send, statusOf } from './natsd.js';

const withServer = it.skipIf(isNatsMissing);
const UNTIL_EMPTY = '--nats-until-empty';

function entriesOf(indexer: CollectingIndexer) {
  return indexer.received.map(({ tag, bytes }) => {
    const { data, timestamp, source, enumeratedValues } = decodeEntry(bytes);
    const values = Object.fromEntries(enumeratedValues.map(({ name, value }) => [name, value]));
    return { tag, data: `${data}`, time: `${timestamp}`, source: `${source}`, values };
  });
}

describe('ringest ship --nats', () => {
  withServer(
    'makes what is missing, and entries of messages, until all are acknowledged',
    async () => {
      const server = await NatsServer.start();
      const connection = await server.connect();
      const indexer = await CollectingIndexer.start();
      const made = pull(
        server,
        indexer,
        UNTIL_EMPTY,
        '--nats-create',
        '--nats-subjects',
        'events.>',
      );
      expect(await made.end(), made.stderr).toBe(0);
      expect(made.stderr).toContain('made the stream events of events.>');
      await send(connection, [
        ['events.eu.access', '2026-01-02T03:04:05.25Z one', { Host: 'web', From: '10.1.2.3' }],
        ['events.app', 'two'],
        ['events.bad!.access', 'three'],
      ]);
      const rules = ['--nats-tag', 'events.*.access=access-{2}', '--attach', 'site=lab'];
      const more = ['--nats-headers', 'Host', '--nats-source-header', 'From', '--json'];
      const process = pull(server, indexer, UNTIL_EMPTY, ...rules, ...more);
      // No tag can be made of the last one.
      expect(await process.end(), process.stderr).toBe(1);
      expect(process.lastJson()).toMatchObject({
        ...{ event: 'end', entries: 2, confirmed: 2, refused: 1, problems: 0 },
        queues: [{ pulled: 3, acknowledged: 2, redelivered: 0, terminated: 1, unconfirmed: 0 }],
      });
      expect(process.stderr).toMatch(/message 3 of events\.bad!\.access: .*it is terminated/);
      const [one, two] = entriesOf(indexer);
      expect(one).toEqual({
        ...{ tag: 'access-eu', data: '2026-01-02T03:04:05.25Z one', source: '10.1.2.3' },
        ...{ time: '2026-01-02T03:04:05.25Z', values: { Host: 'web', site: 'lab' } },
      });
      expect(two).toMatchObject({ tag: 'test', data: 'two', values: { site: 'lab' } });
      expect(await server.left(connection)).toEqual({ toDeliver: 0, toAcknowledge: 0 });
    },
  );

  withServer('starts again where a killed one has left its status socket', async () => {
    const server = await NatsServer.start();
    // The killed one may not have acknowledged its message.
    const connection = await server.stream({ ack_wait: 1_000_000_000 });
    const indexer = await CollectingIndexer.start();
    const socket = ['--status-socket', join(temporaryDirectory(), 'status.sock')];
    const killed = pull(server, indexer, ...socket);
    await send(connection, [['events.a', 'one']]);
    await indexer.entries(1);
    await killed.end('SIGKILL');
    await send(connection, [['events.a', 'two']]);
    const next = pull(server, indexer, UNTIL_EMPTY, ...socket);
    expect(await next.end(), next.stderr).toBe(0);
    expect(entriesOf(indexer).map(({ data }) => data)).toContain('two');
  });

  withServer(
    'takes entries through the steps, and acknowledges those that are dropped',
    async () => {
      const server = await NatsServer.start();
      const connection = await server.stream();
      const indexer = await CollectingIndexer.start();
      const folder = temporaryDirectory();
      const twice = join(folder, 'twice.mjs');
      writeFileSync(
        twice,
        "export default (e) => (e.data.toString().includes('twice') ? [e, { ...e, tag: 'copy' }] : e);",
      );
      await send(connection, [
        ['events.a', '{"level":"debug"}'],
        ['events.a', '{"level":"error","n":7}', { Time: '981173106.5', Host: 'web' }],
        ['events.a', '{"level":"info","say":"twice"}', { Time: '981173107' }],
      ]);
      const steps = ['--drop', 'debug', '--extract-json', 'n', '--route', 'n=7:seven'];
      const more = ['--process', twice, '--nats-headers', 'Host', '--nats-time', 'header:Time'];
      const process = pull(server, indexer, UNTIL_EMPTY, '--json', ...steps, ...more);
      expect(await process.end(), process.stderr).toBe(0);
      expect(process.lastJson()).toMatchObject({ entries: 3, queues: [{ acknowledged: 3 }] });
      const [first, ...others] = entriesOf(indexer);
      expect(first).toMatchObject({ tag: 'seven', time: '2001-02-03T04:05:06.5Z' });
      expect(first?.values).toEqual({ Host: 'web', n: 7n });
      expect(others.map(({ tag, time }) => [tag, time])).toEqual([
        ['test', '2001-02-03T04:05:07Z'],
        ['copy', '2001-02-03T04:05:07Z'],
      ]);
    },
  );

  withServer('refuses an entry of a step that cannot be, and ships the others', async () => {
    const server = await NatsServer.start();
    const connection = await server.stream();
    const indexer = await CollectingIndexer.start();
    const step = join(temporaryDirectory(), 'step.mjs');
    const bad = "{ ...e, source: 'nowhere' }";
    writeFileSync(step, `export default (e) => [e, ${bad}, { ...e, tag: 'copy' }];`);
    await send(connection, [['events.a', 'one']]);
    const process = pull(server, indexer, UNTIL_EMPTY, '--json', '--process', step);
    expect(await process.end(), process.stderr).toBe(1);
    expect(process.lastJson()).toMatchObject({
      ...{ entries: 2, confirmed: 2, refused: 1 },
      queues: [{ acknowledged: 1, terminated: 0 }],
    });
    expect(process.stderr).toContain('an entry was refused: ');
    expect(entriesOf(indexer).map(({ tag }) => tag)).toEqual(['test', 'copy']);
  });

  withServer('counts times that cannot be read, and says what is unusual', async () => {
    const server = await NatsServer.start();
    const connection = await server.stream({ max_ack_pending: 1000, max_deliver: 7 });
    const indexer = await CollectingIndexer.start();
    await send(connection, [
      ['events.a', 'one', { Time: 'noon' }],
      ['events.a', 'two', { Time: 'noon' }],
      ['events.a', 'three'],
    ]);
    const process = pull(server, indexer, UNTIL_EMPTY, '--nats-time', 'header:Time');
    expect(await process.end(), process.stderr).toBe(0);
    expect(process.stderr.match(/the time "noon" in a header cannot be read/g)).toHaveLength(1);
    expect(process.stderr).toContain('a message has no header with its time');
    expect(process.stderr).toMatch(/0 terminated, 3 undated\n$/);
    expect(process.stderr).toContain('has max_ack_pending 1000: all processes together');
    expect(process.stderr).toContain('has max_deliver 7: the server gives up');
  });

  withServer('ends with 0 at a signal once all that it pulled is confirmed', async () => {
    const server = await NatsServer.start();
    const connection = await server.stream();
    const indexer = await RecordingIndexer.start({ ackDelay: 300 });
    await send(
      connection,
      Array.from({ length: 2000 }, (_, i) => ['events.a', `${i}`] as const),
    );
    const socket = join(temporaryDirectory(), 'socket');
    const process = pull(server, indexer, '--json', '--status-socket', socket);
    await indexer.entries(100);
    const { json, text } = await statusOf(socket);
    expect(json).toMatchObject({ to: null, queues: [{ name: `${server.url} events/ingest` }] });
    expect(text).toMatch(/^ {2}queue {4}nats:.* pulled, .* acknowledged, 0 redelivered, 0 term/m);
    expect(await process.end('SIGTERM'), process.stderr).toBe(0);
    const [counts] = process.lastJson<{ queues: Record<string, number>[] }>().queues;
    const { pulled = 0, acknowledged = 0, returned = 0, unconfirmed } = counts ?? {};
    expect(unconfirmed).toBe(0);
    expect(acknowledged + returned).toBe(pulled);
    expect(acknowledged).toBe(indexer.received.length);
    const { toDeliver, toAcknowledge } = await server.left(connection);
    expect(toDeliver + toAcknowledge).toBe(2000 - acknowledged);
  });
});
