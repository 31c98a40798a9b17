import { expect, it } from 'vitest';
import { isKcatMissing, KafkaBrokers } from '../support/kafka-brokers.js';
import { numbers, textsOf, total } from '../support/kafka-source.js';
import { SECRET } from '../support/muxer.js';
import { NodeProcess, support } from '../support/node-process.js';
import { RecordingIndexer } from '../support/recording-indexer.js';
import { scaled } from '../support/scale.js';
import { eventually } from '../support/waiting.js';

const ROUNDS = scaled(1, 20);
const PART = 1500;

/** Groups of the mock cluster take seconds to change, more than once in each round. */
const PATIENCE_MS = ROUNDS * 180_000;

it.skipIf(isKcatMissing)(
  'processes of a group lose nothing when one joins, and another is killed',
  async () => {
    const brokers = await KafkaBrokers.start();
    await brokers.topics('events');
    const indexer = await RecordingIndexer.start();
    const start = async () => {
      const args = [brokers.addresses, indexer.address, SECRET];
      const one = new NodeProcess(support('kafka-ingester.mjs'), args);
      await one.says('stderr', /running/);
      return one;
    };
    let published = 0;
    const publish = async () => {
      await brokers.publish('events', numbers(published, published + PART));
      published += PART;
    };

    let last = await start();
    for (let round = 0; round < ROUNDS; round++) {
      const victim = last;
      await publish();
      await indexer.entries(published - PART + 100);
      last = await start();
      await publish();
      await last.says('stderr', /partitions: 2\n/);
      await publish();
      await indexer.entries(published - PART + 100);
      await victim.end('SIGKILL');
    }
    await eventually(async () =>
      expect(total(await brokers.committed('ingest', 'events'))).toBe(published),
    );

    expect(new Set(textsOf(indexer)).size).toBe(published);
    expect(await last.end('SIGTERM'), last.stderr).toBe(0);
    const { received, committed, retried } = last.lastJson<Record<string, number>>();
    expect(Number(committed) + Number(retried)).toBe(received);
    // What arrives twice was written by a victim, and not committed: a part of what it was sent at most.
    expect(indexer.received.length - published).toBeLessThanOrEqual(ROUNDS * 3 * PART);
  },
  PATIENCE_MS,
);
