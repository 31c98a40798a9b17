import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { Lane, LaneState } from '@ringest/workers';

/** Milliseconds from handing frames to the socket to their confirmation, one sample a socket write. */
export interface AckLatency {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

export interface LaneStats {
  /** The address of the target. */
  readonly target: string;
  readonly state: keyof typeof LaneState;
  /** Entries written to this lane. */
  readonly writtenEntries: number;
  readonly sentEntries: number;
  /** Bytes of frames handed to the socket. */
  readonly sentBytes: number;
  readonly confirmedEntries: number;
  /** Entries that had been sent on a connection that was lost before it confirmed them. */
  readonly resentEntries: number;
  /** Connections after the first. */
  readonly reconnects: number;
  /** Bytes in the ring that are not confirmed. */
  readonly unconfirmedBytes: number;
  readonly ringBytes: number;
  /** Confirmed bytes a second while busy, as the balancer sees it; 0: not known yet. */
  readonly rate: number;
  readonly ackLatencyMs: AckLatency;
  readonly indexerVersion: number | undefined;
  readonly lastError: Error | undefined;
}

export interface MuxerStats {
  readonly hot: number;
  readonly writtenEntries: number;
  readonly confirmedEntries: number;
  readonly resentEntries: number;
  /** Entries that wait for room. */
  readonly backlogEntries: number;
  readonly ackLatencyMs: AckLatency;
  readonly lanes: readonly LaneStats[];
}

/** A snapshot of one lane. */
function laneStats(lane: Lane): LaneStats {
  const counters = lane.counters();
  return {
    target: lane.endpoint.address,
    state: lane.stateName,
    writtenEntries: lane.writer.entries,
    sentEntries: counters.sentEntries,
    sentBytes: counters.sentBytes,
    confirmedEntries: counters.confirmedEntries,
    resentEntries: counters.resentEntries,
    reconnects: Math.max(0, counters.connects - 1),
    unconfirmedBytes: lane.unconfirmedBytes(),
    ringBytes: lane.ringBytes,
    rate: lane.rate * 1000,
    ackLatencyMs: ackLatency(lane.latency),
    indexerVersion: lane.session?.indexerVersion,
    lastError: lane.lastError,
  };
}

/** A snapshot of all lanes and what they add up to. */
export function muxerStats(lanes: readonly Lane[], backlogEntries: number): MuxerStats {
  const all = lanes.map(laneStats);
  const latency = createHistogram();
  for (const lane of lanes) latency.add(lane.latency);
  const sum = (count: (lane: LaneStats) => number) => all.reduce((n, lane) => n + count(lane), 0);
  return {
    hot: all.filter(({ state }) => state === 'hot').length,
    writtenEntries: sum((lane) => lane.writtenEntries),
    confirmedEntries: sum((lane) => lane.confirmedEntries),
    resentEntries: sum((lane) => lane.resentEntries),
    backlogEntries,
    ackLatencyMs: ackLatency(latency),
    lanes: all,
  };
}

function ackLatency(histogram: RecordableHistogram): AckLatency {
  if (histogram.count === 0) return { mean: 0, p50: 0, p90: 0, p99: 0, max: 0 };
  const at = (percentile: number) => histogram.percentile(percentile) / 1000;
  return {
    mean: histogram.mean / 1000,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    max: histogram.max / 1000,
  };
}
