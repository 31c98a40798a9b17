import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import type { CompressionName, Lane, LaneState as LaneStates } from '@ringest/workers';
import type { Balancer } from '../balancing/index.js';
import type { CacheStats } from '../cache/cache-stats.js';
import type { DiskCache } from '../cache/disk-cache.js';
import type { DittoWriter } from '../entries/ditto-writer.js';
import type { Rings } from '../placing/rings.js';
import type { Backlog } from '../waiting/backlog.js';
import type { SelfLog } from './self-log.js';

/** Milliseconds from handing frames to the socket to their confirmation, one sample a socket write. */
export interface AckLatency {
  readonly mean: number;
  readonly p50: number;
  readonly p90: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Entries and bytes of their frames, since the start; what the cache holds is written once it enters
 * a ring. Lines of the own log that are ingested
 * (`selfIngest`) are entries as well; ditto blocks are not counted. What is sent is confirmed, or
 * sent again, or on its way: confirmed and resent together are never more. Bytes sent, confirmed and
 * resent are without the values that an old indexer does not take.
 */
export interface Amounts {
  readonly writtenEntries: number;
  readonly writtenBytes: number;
  readonly sentEntries: number;
  readonly sentBytes: number;
  /** It goes back where a worker died with confirmations: those entries are sent again. */
  readonly confirmedEntries: number;
  readonly confirmedBytes: number;
  /** Entries that had been sent on a connection that was lost before it confirmed them. */
  readonly resentEntries: number;
  readonly resentBytes: number;
  /**
   * All that was handed to sockets while connections were hot, commands and ditto blocks included:
   * after compression, and before what TLS adds.
   */
  readonly wireBytes: number;
}

/** What a lane is doing. `parked` is between two connections, `closed` after the last. */
export type LaneState = keyof typeof LaneStates;

export interface LaneStats extends Amounts {
  /** The address of the target. */
  readonly target: string;
  readonly state: LaneState;
  /** Of what was written to this lane, entries that were then moved to others. */
  readonly evacuatedEntries: number;
  /** Connections after the first. */
  readonly reconnects: number;
  /** Bytes in the ring that are not confirmed; large entries beside it count whole. */
  readonly unconfirmedBytes: number;
  readonly ringBytes: number;
  readonly ackLatencyMs: AckLatency;
  /** What the balancer sees. */
  readonly balancer: {
    /** Confirmed bytes a second while busy; 0: not known yet. */
    readonly rate: number;
    /** A moving average; 0: nothing is confirmed on this connection yet. */
    readonly ackLatencyMs: number;
    /** For how long the indexer wants nothing sent. */
    readonly throttledMs: number;
    /** Until a batch is expected to be confirmed. */
    readonly expectedMs: number;
    /** New, and tried with little beside others. */
    readonly isProbed: boolean;
  };
  readonly indexerVersion: number | undefined;
  /** As it was agreed with the indexer on the connection that there is. */
  readonly compression: CompressionName | undefined;
  readonly lastError: Error | undefined;
}

/** The sums over all lanes, and what is in none of them. An entry moved between lanes counts once. */
export interface MuxerStats extends Amounts {
  readonly hot: number;
  readonly reconnects: number;
  readonly unconfirmedBytes: number;
  /** Entries that wait for room. */
  readonly backlogEntries: number;
  /** Accepted entries that wait for an indexer that takes their tag. */
  readonly refusedEntries: number;
  /** Bytes that ditto blocks take which are not stored, refused, lost or taken back yet. */
  readonly dittoBytes: number;
  /** Lines of the own log that were dropped before they could be ingested, at the end among them. */
  readonly droppedLogLines: number;
  readonly ackLatencyMs: AckLatency;
  /** `undefined`: there is none. */
  readonly cache: CacheStats | undefined;
  readonly lanes: readonly LaneStats[];
}

/** A snapshot of all lanes and what they add up to. */
export function muxerStats(
  rings: Rings,
  backlog: Backlog,
  dittos: DittoWriter,
  log: SelfLog,
  cache: DiskCache | undefined,
): MuxerStats {
  const { lanes, placer, refused } = rings;
  const all = lanes.map((lane) => laneStats(lane, placer.balancer));
  const latency = createHistogram();
  for (const lane of lanes) latency.add(lane.latency);
  const sum = (count: (lane: LaneStats) => number) => all.reduce((n, lane) => n + count(lane), 0);
  const written = placer.written();
  return {
    hot: lanes.filter((lane) => lane.isHot).length,
    writtenEntries: written.entries,
    writtenBytes: written.bytes,
    sentEntries: sum((lane) => lane.sentEntries),
    sentBytes: sum((lane) => lane.sentBytes),
    confirmedEntries: sum((lane) => lane.confirmedEntries),
    confirmedBytes: sum((lane) => lane.confirmedBytes),
    resentEntries: sum((lane) => lane.resentEntries),
    resentBytes: sum((lane) => lane.resentBytes),
    wireBytes: sum((lane) => lane.wireBytes),
    reconnects: sum((lane) => lane.reconnects),
    unconfirmedBytes: sum((lane) => lane.unconfirmedBytes),
    backlogEntries: backlog.entries,
    refusedEntries: refused.frames.length,
    dittoBytes: dittos.unfinishedBytes,
    droppedLogLines: log.dropped,
    ackLatencyMs: ackLatency(latency),
    cache: cache?.stats(),
    lanes: all,
  };
}

/** A snapshot of one lane. */
function laneStats(lane: Lane, balancer: Balancer<Lane>): LaneStats {
  const { connects, ...counters } = lane.counters();
  return {
    ...counters,
    target: lane.endpoint.address,
    state: lane.stateName,
    writtenEntries: lane.writer.entries,
    writtenBytes: lane.writtenBytes,
    evacuatedEntries: lane.movedEntries,
    reconnects: Math.max(0, connects - 1),
    unconfirmedBytes: lane.unconfirmedBytes(),
    ringBytes: lane.ringBytes,
    ackLatencyMs: ackLatency(lane.latency),
    balancer: {
      rate: lane.rate * 1000,
      ackLatencyMs: lane.ackLatency,
      throttledMs: lane.throttledFor,
      expectedMs: balancer.expectedTime(lane),
      isProbed: balancer.isProbed(lane),
    },
    indexerVersion: lane.session?.indexerVersion,
    compression: lane.session?.compression,
    lastError: lane.lastError,
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
