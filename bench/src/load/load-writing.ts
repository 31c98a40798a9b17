import type { IngestMuxer } from '@ringest/core';
import type { EntrySource } from '../contents/entry-source.js';
import type { LatencyLog } from './latency-log.js';
import type { LoadOptions } from './load-options.js';
import { writePaced } from './paced-writing.js';
import { EntryWriter, type Writing } from './write-entries.js';

/**
 * Writes the entries of a load, at its pace, or as fast as there is room for them.
 * @param latencies of a load with a pace
 * @returns the entry after the last that was accepted
 */
export function writeLoad(
  muxer: IngestMuxer,
  source: EntrySource,
  { entryCount }: LoadOptions,
  latencies: LatencyLog | undefined,
  writing: Writing & Required<Pick<Writing, 'look'>>,
): Promise<number> {
  const writer = new EntryWriter(muxer, source, writing);
  if (latencies === undefined) return writer.write(0, entryCount);
  const { signal, look } = writing;
  const confirmed = () => muxer.barrier();
  return writePaced({ writer, latencies, entryCount, confirmed, signal, look });
}
