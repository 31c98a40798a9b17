import type { IngestMuxer } from '@ringest/core';
import type { EntrySource } from '../contents/entry-source.js';
import { LatencyLog } from './latency-log.js';
import type { LoadOptions } from './load-options.js';
import { Schedule } from './pace.js';
import { writePaced } from './paced-writing.js';
import { EntryWriter, type Writing } from './write-entries.js';

/** What was written of a load. */
export interface Written {
  readonly entries: number;
  /** Of a load with a pace. */
  readonly latencies: LatencyLog | undefined;
}

/**
 * Writes the entries of a load: at its pace, or as fast as there is room for them.
 * @param start when it began, by `performance.now`
 */
export async function writeLoad(
  muxer: IngestMuxer,
  source: EntrySource,
  { entryCount, pace }: LoadOptions,
  start: number,
  writing: Writing & Required<Pick<Writing, 'look'>>,
): Promise<Written> {
  const writer = new EntryWriter(muxer, source, writing);
  if (pace === undefined) {
    return { entries: await writer.write(0, entryCount), latencies: undefined };
  }
  const schedule = new Schedule(pace);
  const latencies = new LatencyLog(schedule, start);
  const { signal, look } = writing;
  const confirmed = () => muxer.barrier();
  const paced = { writer, schedule, latencies, start, entryCount, confirmed, signal, look };
  return { entries: await writePaced(paced), latencies };
}
