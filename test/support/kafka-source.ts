import { decodeEntry } from '@ringest/codec';
import { KafkaSource, type KafkaSourceOptions, type SourceMuxer } from '@ringest/kafka';
import { onTestFinished } from 'vitest';
import { type KafkaBrokers, MEMBER } from './kafka-brokers.js';
import type { RecordingIndexer } from './recording-indexer.js';

/** Runs a source until the test is finished. */
export async function runSource(
  muxer: SourceMuxer,
  brokers: KafkaBrokers,
  options: Partial<KafkaSourceOptions> = {},
) {
  const source = await KafkaSource.open(muxer, {
    kafka: brokers.client(),
    groupId: 'ingest',
    topics: ['events'],
    tag: 'test',
    commitInterval: 20,
    consumer: MEMBER,
    ...options,
  });
  const run = source.run();
  run.catch(() => {});
  onTestFinished(() => source.stop());
  return { source, run };
}

export const textsOf = (indexer: RecordingIndexer) =>
  indexer.received.map(({ bytes }) => Buffer.from(decodeEntry(bytes).data).toString());

export const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, i) => ({ value: `${from + i}` }));

export const total = (offsets: readonly number[]) =>
  offsets.reduce((sum, offset) => sum + Math.max(0, offset), 0);
