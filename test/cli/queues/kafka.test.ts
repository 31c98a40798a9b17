import { join } from 'node:path';
import { decodeEntry } from '@ringest/codec';
import { describe, expect, it } from 'vitest';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { isKcatMissing, KafkaBrokers } from '../../support/kafka-brokers.js';
import { total } from '../../support/kafka-source.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { publishPipe, take } from './kafkad.js';
import { statusOf } from './natsd.js';

const HASTY = ['127.0.0.1:1', '--timeout', '1ms'] as const;
const withBrokers = it.skipIf(isKcatMissing);

describe('ringest ship --kafka', () => {
  withBrokers('makes entries of messages, through the steps, until all are committed', async () => {
    const brokers = await KafkaBrokers.start();
    await brokers.topics('events');
    await brokers.publish('events', [
      {
        value: '2026-01-02T03:04:05.25Z {"level":"error"}',
        key: 'k1',
        headers: { Host: 'web', From: '10.1.2.3' },
      },
      { value: 'debug' },
      { value: 'two', timestamp: '981173106500', headers: { From: '10.1.2.4' } },
      { value: 'no address', headers: { From: 'nobody' } },
    ]);
    const indexer = await CollectingIndexer.start();
    const made = ['--kafka-headers', 'Host', '--kafka-source-header', 'From', '--drop', 'debug'];
    const more = ['--kafka-message-key', 'key', '--kafka-tag', 'logs.>=none', '--kafka-tag'];
    const process = take(
      brokers.addresses,
      indexer,
      ...['--kafka-until-empty', '--json', '--attach', 'site=lab', ...made, ...more],
      'events=kafka-{1}',
    );
    // The source of the last one is none.
    expect(await process.end(), process.stderr).toBe(1);
    expect(process.lastJson()).toMatchObject({
      ...{ event: 'end', entries: 2, confirmed: 2, refused: 1, problems: 0 },
      queues: [{ pulled: 4, acknowledged: 4, redelivered: 0, terminated: 1, unconfirmed: 0 }],
    });
    expect(process.stderr).toMatch(/offset \d of partition \d of events: .*: it is skipped/);
    const entries = indexer.received.map(({ tag, bytes }) => {
      const { data, timestamp, source, enumeratedValues } = decodeEntry(bytes);
      const values = Object.fromEntries(enumeratedValues.map(({ name, value }) => [name, value]));
      return { tag, data: `${data}`, time: `${timestamp}`, source: `${source}`, values };
    });
    const tag = 'kafka-events';
    expect(entries.sort((one, other) => (one.time < other.time ? -1 : 1))).toEqual([
      {
        ...{ tag, data: 'two', source: '10.1.2.4', time: '2001-02-03T04:05:06.5Z' },
        values: { site: 'lab' },
      },
      {
        ...{ tag, data: '2026-01-02T03:04:05.25Z {"level":"error"}', source: '10.1.2.3' },
        ...{ time: '2026-01-02T03:04:05.25Z', values: { Host: 'web', key: 'k1', site: 'lab' } },
      },
    ]);
    expect(total(await brokers.committed('ingest', 'events'))).toBe(4);
  });

  withBrokers('attaches where messages were, and says how many had no time', async () => {
    const brokers = await KafkaBrokers.start();
    await brokers.topics('events');
    const headers = { Time: 'soon', offset: 'none' };
    await brokers.publish('events', [
      { value: 'one', partition: 2, headers: { Time: '981173106' } },
      { value: 'two', partition: 2, headers },
    ]);
    const indexer = await CollectingIndexer.start();
    const flags = ['--kafka-metadata', '--kafka-headers', 'all', '--kafka-time', 'header:Time'];
    const process = take(brokers.addresses, indexer, ...flags, '--kafka-until-empty', '--json');
    expect(await process.end(), process.stderr).toBe(0);
    expect(process.lastJson()).toMatchObject({ queues: [{ pulled: 2, undated: 1 }] });
    const values = indexer.received.map(({ bytes }) =>
      decodeEntry(bytes).enumeratedValues.map(({ name, value }) => [name, value]),
    );
    const place = (offset: bigint) => [
      ['topic', 'events'],
      ['partition', 2n],
      ['offset', offset],
    ];
    expect(values).toEqual([
      expect.arrayContaining(place(0n)),
      expect.arrayContaining([['Time', 'soon'], ...place(1n)]),
    ]);
    expect(values[1]).toHaveLength(4);
  });

  withBrokers('ends with 0 at a signal once all that it read is committed', async () => {
    const brokers = await KafkaBrokers.start();
    await brokers.topics('events');
    await brokers.publish(
      'events',
      Array.from({ length: 2000 }, (_, i) => ({ value: `${i}` })),
    );
    const indexer = await RecordingIndexer.start({ ackDelay: 300 });
    const socket = join(temporaryDirectory(), 'socket');
    const flags = ['--json', '--status-socket', socket, '--kafka-max-unconfirmed', '100'];
    const process = take(brokers.addresses, indexer, ...flags);
    await indexer.entries(100);
    const { json, text } = await statusOf(socket);
    const name = `kafka://${brokers.addresses} events/ingest`;
    expect(json).toMatchObject({ to: null, queues: [{ name }] });
    expect(text).toMatch(/^ {2}queue {4}kafka:.* pulled, .* acknowledged, 0 redelivered, 0 term/m);
    expect(await process.end('SIGTERM'), process.stderr).toBe(0);
    const [counts] = process.lastJson<{ queues: Record<string, number>[] }>().queues;
    const { pulled = 0, acknowledged = 0, returned = 0, unconfirmed } = counts ?? {};
    expect(unconfirmed).toBe(0);
    expect(acknowledged + returned).toBe(pulled);
    expect(total(await brokers.committed('ingest', 'events'))).toBe(acknowledged);
    expect(indexer.received.length).toBe(pulled);
  });
});

describe('ringest ship --to kafka://', () => {
  withBrokers('ends with 1 when not all is stored within the grace', async () => {
    const brokers = await KafkaBrokers.start();
    await brokers.topics('events');
    const socket = join(temporaryDirectory(), 'socket');
    const process = publishPipe(
      brokers.addresses,
      ...['--grace', '50ms', '--json', '--status-socket', socket],
    );
    process.stdin.write('one\n');
    await process.says('stdout', /"confirmed":1,/);
    await brokers.kill();
    process.stdin.write('two\nthree\n');
    await process.says('stderr', /not stored in the topic events: .*: sending again until it is/);
    await process.says('stdout', /"entries":3,/);
    const { json, text } = await statusOf(socket);
    const name = `kafka://${brokers.addresses} events`;
    expect(json).toMatchObject({ to: { name, isConnected: false, published: 3, stored: 1 } });
    expect(text).toContain(`  to       ${name}  not connected: 1 stored, 0 duplicates\n`);
    expect(await process.end('SIGTERM')).toBe(1);
    expect(process.lastJson()).toMatchObject({ unconfirmed: 2, to: { stored: 1 } });
  });

  withBrokers(
    'takes lines that are as long as a message may be, and no limit beyond that',
    async () => {
      const brokers = await KafkaBrokers.start();
      await brokers.topics('events');
      const limits = ['--kafka-max-message-bytes', '20000', '--max-line-bytes', '3616'];
      const grow = ['--attach', `long=${'x'.repeat(1000)}`];
      const process = publishPipe(brokers.addresses, '--json', ...limits, ...grow);
      process.stdin.end(`${'a'.repeat(3616)}\nshort\n`);
      expect(await process.end(), process.stderr).toBe(0);
      expect(process.lastJson()).toMatchObject({ entries: 2, to: { published: 2, stored: 2 } });
      const larger = publishPipe(brokers.addresses, ...limits.slice(0, 3), '3617');
      larger.stdin.end('x\n');
      expect(await larger.end()).toBe(3);
      expect(larger.stderr).toContain('takes entries of 3616 bytes: give a --max-line-bytes');
    },
  );

  withBrokers('keeps entries in its cache while no broker is there, for the next run', async () => {
    const cache = ['--cache-path', temporaryDirectory(), '--cache-mode', 'journal', '--json'];
    const away = publishPipe('127.0.0.1:1', ...cache, '--grace', '50ms');
    away.stdin.write('one\ntwo\n');
    await away.says('stdout', /"entries":2,/);
    expect(await away.end('SIGTERM')).toBe(1);
    expect(away.lastJson()).toMatchObject({ unconfirmed: 2, cached: 2, to: { stored: 0 } });
    const brokers = await KafkaBrokers.start();
    await brokers.topics('events');
    const there = publishPipe(brokers.addresses, ...cache);
    there.stdin.write('three\n');
    await there.says('stdout', /"stored":3,/);
    there.stdin.end();
    expect(await there.end(), there.stderr).toBe(0);
    expect(there.lastJson()).toMatchObject({ entries: 1, to: { stored: 3 } });
  });

  it('waits for brokers that are away, and no longer than it may', async () => {
    const [patient, hasty] = [publishPipe('127.0.0.1:1'), publishPipe(...HASTY)];
    await patient.says('stderr', /ECONNREFUSED 127\.0\.0\.1:1: waiting for it/);
    expect(await patient.end('SIGTERM')).toBe(1);
    expect(patient.stderr).toContain('nothing was read');
    expect(await hasty.end()).toBe(3);
    expect(hasty.stderr).toContain('ECONNREFUSED');
  });
});
