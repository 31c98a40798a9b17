import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isKcatMissing, KafkaBrokers } from '../../support/kafka-brokers.js';
import { isNatsMissing, NatsServer } from '../../support/nats-server.js';
import { NodeProcess, RINGEST, startIndexer } from '../../support/node-process.js';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { takeFlags } from './kafkad.js';
import { publishFlags } from './natsd.js';

const LINES = [
  '2026-01-02T03:04:05.000000006Z {"tag":"web","from":"10.1.2.3","n":7,"big":18446744073709551615}',
  '2026-01-02T03:04:06Z {"tag":"app","from":"2001:db8::7","ok":true,"text":"ä\\u0000"}',
  '2026-01-02T03:04:07Z plain',
];

/** What an entry is made of, by the flags of a process that is near what makes it. */
const STEPS = `
  let count = 0;
  export default (entry) => {
    const text = entry.data.toString();
    const { tag, from, ...values } = JSON.parse(/{.*}/.exec(text)?.[0] ?? '{}');
    entry.data = text.slice(text.indexOf(' ') + 1) + ++count;
    if (tag) entry.tag = tag;
    if (from) entry.source = from;
    entry.values = { ...values, count: BigInt(count), bytes: Uint8Array.of(0, 255, count) };
    return entry;
  };`;

/** The entries of a store, as `ringest cat` prints them. */
async function entriesOf(store: string): Promise<unknown[]> {
  const cat = new NodeProcess(RINGEST, ['cat', store, '--json']);
  expect(await cat.end(), cat.stderr).toBe(0);
  const lines = cat.stdout.trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line)).sort((a, b) => (a.timestamp < b.timestamp ? -1 : 1));
}

/**
 * Expects that entries are in a store by way of a queue as those that went straight to an indexer.
 * @param publish the flags of the process that publishes what it reads
 * @param take the flags of the one that takes the messages
 */
async function expectAlike(publish: readonly string[], take: readonly string[]): Promise<void> {
  const [straight, relayed] = [temporaryDirectory(), temporaryDirectory()];
  const indexers = await Promise.all([
    startIndexer('--listen', '127.0.0.1:0', '--store', straight),
    startIndexer('--listen', '127.0.0.1:0', '--store', relayed),
  ]);
  const [first, second] = indexers.map(({ address }) => address);
  const module = join(temporaryDirectory(), 'steps.mjs');
  writeFileSync(module, STEPS);
  const steps = ['--process', module, '--attach', 'site=lab'];
  const secret = ['--ingest-secret', 'IngestSecrets'];
  const runs = [
    ['ship', '--tag', 'test', '--clear-conns', `${first}`, ...secret, ...steps],
    [...publish, ...steps],
    // A step that changes nothing leaves the types of values as they are.
    ['ship', ...take, '--keep', '.', '--clear-conns', `${second}`, ...secret],
  ];
  for (const args of runs) {
    const process = new NodeProcess(RINGEST, args, [], 'pipe');
    process.stdin.end(LINES.map((line) => `${line}\n`).join(''));
    expect(await process.end(), process.stderr).toBe(0);
  }
  for (const { indexer } of indexers) await indexer.end('SIGTERM');
  const [expected, entries] = [await entriesOf(straight), await entriesOf(relayed)];
  expect(expected).toHaveLength(LINES.length);
  expect(entries).toEqual(expected);
  expect(entries[0]).toMatchObject({
    ...{ timestamp: '2026-01-02T03:04:05.000000006Z', tag: 'web', source: '10.1.2.3' },
  });
}

describe('entries are in the store as those that went straight to an indexer', () => {
  it.skipIf(isNatsMissing)('by way of a stream of NATS', async () => {
    const server = await NatsServer.start();
    await server.stream();
    const queue = ['--nats', server.url, '--nats-stream', 'events', '--nats-consumer', 'ingest'];
    const take = [...queue, '--nats-restore', '--nats-until-empty'];
    await expectAlike(publishFlags(server.url), take);
  });

  it.skipIf(isKcatMissing)('by way of a topic of Kafka', async () => {
    const brokers = await KafkaBrokers.start();
    await brokers.topics('events');
    const to = ['ship', '--tag', 'test', '--to', `kafka://${brokers.addresses}/events`];
    const take = [...takeFlags(brokers.addresses), '--kafka-restore', '--kafka-until-empty'];
    await expectAlike(to, take);
  });
});
