import { expect, it } from 'vitest';
import { isKcatMissing, KafkaBrokers } from '../../support/kafka-brokers.js';
import { numbers, textsOf, total } from '../../support/kafka-source.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { take } from './kafkad.js';

const COUNT = 1000;

it.skipIf(isKcatMissing)(
  'a process that is killed loses nothing: another one of the group goes on',
  async () => {
    const brokers = await KafkaBrokers.start();
    await brokers.topics('events');
    await brokers.publish('events', numbers(0, COUNT));
    const indexer = await RecordingIndexer.start({ ackDelay: 200 });
    // The brokers of the tests make a group wait for three seconds, and a silent member belongs to it meanwhile.
    const flags = ['--kafka-session-timeout', '5s', '--kafka-max-unconfirmed', '100', '--json'];
    const victim = take(brokers.addresses, indexer, ...flags);
    await indexer.entries(150);
    await victim.end('SIGKILL');
    const heir = take(brokers.addresses, indexer, ...flags, '--kafka-until-empty');
    expect(await heir.end(), heir.stderr).toBe(0);
    expect(new Set(textsOf(indexer)).size).toBe(COUNT);
    expect(total(await brokers.committed('ingest', 'events'))).toBe(COUNT);
  },
);
