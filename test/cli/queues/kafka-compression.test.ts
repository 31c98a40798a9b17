import { spawnSync } from 'node:child_process';
import kafkajs from 'kafkajs';
import { expect, it, onTestFinished } from 'vitest';
import { CollectingIndexer } from '../../support/collecting-indexer.js';
import { isKcatMissing, KafkaBrokers } from '../../support/kafka-brokers.js';
import { textsOf } from '../../support/shipping.js';
import { take } from './kafkad.js';

const { CompressionCodecs, CompressionTypes } = kafkajs;
const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'];
/** So few that a literal of snappy has its length in its first byte. */
const BLOCK_BYTES = 60;

it.skipIf(isKcatMissing)('ringest ship --kafka reads what producers have compressed', async () => {
  const brokers = await KafkaBrokers.start();
  await brokers.topics('events');
  const linesOf = (codec: string) => Array.from({ length: 300 }, (_, i) => `${codec} line ${i}`);
  for (const codec of CODECS) {
    const flags = ['-b', brokers.addresses, '-P', '-t', 'events', '-z', codec];
    const { status } = spawnSync('kcat', flags, { input: linesOf(codec).join('\n') });
    expect(status).toBe(0);
  }
  await publishInBlocks(brokers, linesOf('blocks'));
  const indexer = await CollectingIndexer.start();
  const process = take(brokers.addresses, indexer, '--kafka-until-empty');
  expect(await process.end(), process.stderr).toBe(0);
  expect(textsOf(indexer).sort()).toEqual([...CODECS, 'blocks'].flatMap(linesOf).sort());
});

/** Publishes messages as Java's clients do with snappy: in blocks. */
async function publishInBlocks(brokers: KafkaBrokers, lines: readonly string[]): Promise<void> {
  const before = CompressionCodecs[CompressionTypes.Snappy];
  onTestFinished(() => {
    CompressionCodecs[CompressionTypes.Snappy] = before;
  });
  CompressionCodecs[CompressionTypes.Snappy] = () => ({
    compress: async ({ buffer }: { readonly buffer: Buffer }) => {
      const parts: Buffer[] = [Buffer.from('\x82SNAPPY\0\0\0\0\x01\0\0\0\x01', 'latin1')];
      for (let at = 0; at < buffer.length; at += BLOCK_BYTES) {
        const plain = buffer.subarray(at, at + BLOCK_BYTES);
        const { length } = plain;
        // The size of the block, and one literal, with its length.
        parts.push(Buffer.of(0, 0, 0, length + 2, length, (length - 1) << 2), plain);
      }
      return Buffer.concat(parts);
    },
  });
  const producer = brokers.client().producer();
  await producer.connect();
  await producer.send({
    topic: 'events',
    compression: CompressionTypes.Snappy,
    messages: lines.map((value) => ({ value })),
  });
  await producer.disconnect();
}
