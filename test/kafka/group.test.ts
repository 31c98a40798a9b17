import { expect, it } from 'vitest';
import { isKcatMissing, KafkaBrokers } from '../support/kafka-brokers.js';
import { numbers, textsOf, total } from '../support/kafka-source.js';
import { SECRET } from '../support/muxer.js';
import { NodeProcess, support } from '../support/node-process.js';
import { RecordingIndexer } from '../support/recording-indexer.js';
import { eventually } from '../support/waiting.js';

/** Groups of the mock cluster take seconds to change, more than once in this test. */
const PATIENCE_MS = 180_000;

it.skipIf(isKcatMissing)(
  'processes of a group lose nothing when one joins, and another is killed',
  async () => {
    const COUNT = 4500;
    const brokers = await KafkaBrokers.start();
    await brokers.topics('events');
    const indexer = await RecordingIndexer.start();
    const start = async () => {
      const args = [brokers.addresses, indexer.address, SECRET];
      const one = new NodeProcess(support('kafka-ingester.mjs'), args);
      await one.says('stderr', /running/);
      return one;
    };
    const publish = (part: number) =>
      brokers.publish('events', numbers((part * COUNT) / 3, ((part + 1) * COUNT) / 3));

    const victim = await start();
    await publish(0);
    await indexer.entries(100);
    const other = await start();
    await publish(1);
    await other.says('stderr', /partitions: 2\n/);
    await publish(2);
    await indexer.entries((2 * COUNT) / 3 + 100);
    await victim.end('SIGKILL');
    await eventually(async () =>
      expect(total(await brokers.committed('ingest', 'events'))).toBe(COUNT),
    );

    expect(new Set(textsOf(indexer)).size).toBe(COUNT);
    expect(await other.end('SIGTERM'), other.stderr).toBe(0);
    const { received = 0, committed = 0, retried } = other.lastJson<Record<string, number>>();
    expect(retried).toBe(received - committed);
    // What arrived twice came to the other one after the victim had written it, and not committed it.
    expect(indexer.received.length - COUNT).toBeLessThanOrEqual(received);
  },
  PATIENCE_MS,
);
