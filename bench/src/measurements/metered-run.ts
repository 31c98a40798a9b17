import { type MuxerRun, type MuxerRunResult, runMuxer } from './muxer-run.js';
import { ThreadMeter, type ThreadTimes } from './thread-meter.js';

/** What a muxer did, and what its threads took for that. */
export interface MeteredRun extends ThreadTimes, MuxerRunResult {
  readonly entries: number;
}

/** Runs a muxer and measures the processor time of each of its threads. */
export async function runMetered(run: MuxerRun): Promise<MeteredRun> {
  const meter = new ThreadMeter();
  const result = await runMuxer(run, meter);
  return { ...result, ...meter.times };
}
