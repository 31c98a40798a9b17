// Ships a topic until SIGTERM: node kafka-ingester.mjs BROKERS TARGET SECRET. Says what it did, as JSON.

import { setTimeout } from 'node:timers/promises';
import { IngestMuxer } from '@ringest/core';
import { KafkaSource } from '@ringest/kafka';
import kafkajs from 'kafkajs';

const [brokers, target, secret] = process.argv.slice(2);
const { Kafka, logLevel, PartitionAssigners } = kafkajs;

/**
 * The mock cluster refuses a member that asks for its partitions after its leader has shared them out, where Kafka tells
 * it which they are. A leader that takes its time makes that rare.
 */
function slowly(config) {
  const assigner = PartitionAssigners.roundRobin(config);
  const assign = async (members) => {
    await setTimeout(300);
    return assigner.assign(members);
  };
  return { ...assigner, assign };
}

const kafka = new Kafka({ brokers: brokers.split(','), logLevel: logLevel.NOTHING });
const muxer = new IngestMuxer({ targets: [target], secret, selfIngest: false });
muxer.start();

const all = { received: 0, committed: 0, retried: 0 };
let source;
let stops = false;
process.once('SIGTERM', () => {
  stops = true;
  source?.stop();
});
let partitions = 0;
setInterval(() => {
  const now = source?.stats().partitions ?? 0;
  if (now !== partitions) process.stderr.write(`partitions: ${now}\n`);
  partitions = now;
}, 20).unref();

while (!stops) {
  source = await KafkaSource.open(muxer, {
    kafka,
    groupId: 'ingest',
    topics: ['events'],
    tag: 'test',
    commitInterval: 50,
    consumer: {
      heartbeatInterval: 100,
      // The mock cluster drops members that have said nothing for so long even while it waits three seconds for more.
      // Later changes of a group take a second less than this.
      sessionTimeout: 3500,
      maxWaitTimeInMs: 50,
      partitionAssigners: [slowly],
    },
  });
  process.stderr.write('running\n');
  if (stops) source.stop();
  await source.run().catch((error) => {
    if (error.type !== 'INVALID_REQUEST') throw error;
  });
  for (const name of Object.keys(all)) all[name] += source.stats()[name];
}
await muxer.close();
process.stdout.write(`${JSON.stringify(all)}\n`);
