import { decodeEntry } from '@ringest/codec';
import type { CollectingIndexer } from './collecting-indexer.js';
import { SECRET } from './muxer.js';
import { NodeProcess, RINGEST } from './node-process.js';

/** The flags of a `ringest ship` to an indexer of a test. */
export function shipFlags(address: string, ...flags: readonly string[]): string[] {
  const target = ['--clear-conns', address.replace('tcp://', ''), '--ingest-secret', SECRET];
  return ['ship', '--tag', 'test', ...target, ...flags];
}

/** A running `ringest ship`, which reads files, or nothing. */
export function ship(address: string, ...flags: readonly string[]): NodeProcess {
  return new NodeProcess(RINGEST, shipFlags(address, ...flags));
}

/** A running `ringest ship` that reads a pipe. */
export function shipPipe(address: string, ...flags: readonly string[]): NodeProcess {
  return new NodeProcess(RINGEST, shipFlags(address, ...flags), [], 'pipe');
}

/** The data of all entries that have arrived, in their order. */
export function textsOf(indexer: CollectingIndexer): string[] {
  return indexer.received.map(({ bytes }) => Buffer.from(decodeEntry(bytes).data).toString());
}
