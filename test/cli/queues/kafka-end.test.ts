import { createServer } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { isKcatMissing, KafkaBrokers } from '../../support/kafka-brokers.js';
import { numbers } from '../../support/kafka-source.js';
import { take } from './kafkad.js';

const withBrokers = it.skipIf(isKcatMissing);

withBrokers('ringest ship --kafka ends at a signal while its brokers are away', async () => {
  const brokers = await KafkaBrokers.start();
  await brokers.topics('events');
  await brokers.publish('events', numbers(0, 100));
  const indexer = await CollectingIndexer.start();
  const process = take(brokers.addresses, indexer, '--json');
  await indexer.entries(100);
  await brokers.kill();
  await process.says('stderr', /Restarting the consumer/);
  await isAskedFor(brokers);
  expect(await process.end('SIGTERM'), process.stderr).toBe(0);
  const [counts] = process.lastJson<{ queues: Record<string, number>[] }>().queues;
  const { pulled, acknowledged = 0, returned = 0, unconfirmed } = counts ?? {};
  expect(unconfirmed).toBe(0);
  expect(acknowledged + returned).toBe(pulled);
});

withBrokers('ringest ship --kafka ends at a signal while others hold up its group', async () => {
  const brokers = await KafkaBrokers.start();
  await brokers.topics('events');
  await brokers.publish('events', numbers(0, 1));
  const indexer = await CollectingIndexer.start();
  const silent = take(brokers.addresses, indexer, '--kafka-session-timeout', '5m');
  await indexer.entries(1);
  silent.kill('SIGSTOP');
  const process = take(brokers.addresses, indexer, '--json', '--grace', '50ms');
  await process.says('stdout', /"queues"/);
  expect(await process.end('SIGTERM'), process.stderr).toBe(0);
  expect(process.lastJson()).toMatchObject({ entries: 0, unconfirmed: 0, queues: [{ pulled: 0 }] });
});

/** Waits until a client tries to reach brokers that are gone. It gets no answer. */
async function isAskedFor({ addresses }: KafkaBrokers): Promise<void> {
  await new Promise<void>((resolve) => {
    for (const address of addresses.split(',')) {
      const listener = createServer((socket) => {
        socket.on('error', () => {}).destroy();
        resolve();
      });
      listener.listen(Number(address.split(':')[1]), '127.0.0.1');
      onTestFinished(() => void listener.close());
    }
  });
}
