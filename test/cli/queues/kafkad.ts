import type { CollectingIndexer } from '../../support/collecting-indexer.js';
import { NodeProcess, RINGEST } from '../../support/node-process.js';
import { ship } from '../../support/shipping.js';

/** A running `ringest ship` that takes the topic `events`. */
export function take(
  brokers: string,
  indexer: Pick<CollectingIndexer, 'address'>,
  ...flags: readonly string[]
): NodeProcess {
  return ship(indexer.address, ...takeFlags(brokers), ...flags);
}

/** The flags of a `ringest ship` that takes the topic `events`. */
export function takeFlags(brokers: string): string[] {
  return ['--kafka', brokers, '--kafka-topic', 'events', '--kafka-group', 'ingest'];
}

/** A running `ringest ship` that publishes what it reads from a pipe. */
export function publishPipe(brokers: string, ...flags: readonly string[]): NodeProcess {
  const to = ['ship', '--tag', 'test', '--to', `kafka://${brokers}/events`, ...flags];
  return new NodeProcess(RINGEST, to, [], 'pipe');
}
