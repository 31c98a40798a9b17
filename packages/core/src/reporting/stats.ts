import { createHistogram, type RecordableHistogram } from 'node:perf_hooks';
import {
  addLatencies,
  type BucketCounts,
  type CompressionName,
  LATENCY_BOUNDS,
  type Lane,
  type LaneState as LaneStates,
  noLatencies,
} from '@ringest/workers';
import type { Balancer } from '../balancing/index.js';
import type { CacheStats } from '../cache/cache-stats.js';
import type { DiskCache } from '../cache/disk-cache.js';
import type { DittoWriter } from '../entries/ditto-writer.js';
import type { Lanes } from '../placing/lanes.js';
import type { Outlet } from '../placing/outlet.js';
import type { Rings } from '../placing/rings.js';
import type { Producers } from '../producing/producers.js';
import type { Dispatcher } from '../waiting/dispatcher.js';
import type { SelfLog } from './self-log.js';

/**
 * The time from giving frames to the socket to their confirmation, in milliseconds. There is one
 * sample for each socket write.
 */
export interface AckLatency {
  /** The mean, in milliseconds. */
  readonly mean: number;
  /** Half of the samples are at most this, in milliseconds. */
  readonly p50: number;
  /** 90 % of the samples are at most this, in milliseconds. */
  readonly p90: number;
  /** 99 % of the samples are at most this, in milliseconds. */
  readonly p99: number;
  /** The longest sample, in milliseconds. */
  readonly max: number;
  /** How many samples there are. */
  readonly samples: number;
}

/** The latencies of `AckLatency` as a histogram since the start. No number of it ever goes down. */
export interface AckHistogram {
  /** The upper bounds of the buckets, in milliseconds, rising. The last one is `Infinity`. */
  readonly bounds: readonly number[];
  /** For each bound, how many samples are not above it. The last one is the number of all samples. */
  readonly counts: readonly number[];
  /** The sum of all samples, in milliseconds. */
  readonly sum: number;
}

/**
 * Counts of entries, and of the bytes of their frames, since the start. Lines of the self log count as
 * entries; ditto blocks do not. The sum of confirmed and resent is never more than sent. Enumerated
 * values that an old indexer does not accept are left out of the bytes sent, confirmed and resent.
 */
export interface Amounts {
  /** Entries that were written into rings. An entry that is only in the cache counts once it enters a ring. */
  readonly writtenEntries: number;
  /** Bytes of the frames of written entries. */
  readonly writtenBytes: number;
  /** Entries that were given to sockets. An entry counts each time that it is sent. */
  readonly sentEntries: number;
  /** Bytes of the frames of sent entries, before compression. */
  readonly sentBytes: number;
  /**
   * Entries that indexers have confirmed. The count may go down when a worker thread dies before it has
   * passed on confirmations: those entries are sent again.
   */
  readonly confirmedEntries: number;
  /** Bytes of the frames of confirmed entries. */
  readonly confirmedBytes: number;
  /** Entries that were sent on a connection that was lost before it confirmed them. */
  readonly resentEntries: number;
  /** Bytes of the frames of resent entries. */
  readonly resentBytes: number;
  /**
   * All bytes that were given to sockets of hot connections, including commands and ditto blocks:
   * after compression, and before TLS.
   */
  readonly wireBytes: number;
}

/** The state of a lane: `parked` is between two connections, and `closed` is after the last one. */
export type LaneState = keyof typeof LaneStates;

/** A snapshot of one lane. */
export interface LaneStats extends Amounts {
  /** The address of the target. */
  readonly target: string;
  /** What the lane is doing. */
  readonly state: LaneState;
  /** Entries that were written to this lane and then moved to other lanes. */
  readonly evacuatedEntries: number;
  /** How many times the lane has connected again after its first connection. */
  readonly reconnects: number;
  /** Bytes in the ring that are not confirmed, including large entries, which are kept outside the ring. */
  readonly unconfirmedBytes: number;
  /** The size of the ring, in bytes. */
  readonly ringBytes: number;
  /** The time from giving frames of this lane to the socket to their confirmation, in milliseconds. */
  readonly ackLatencyMs: AckLatency;
  /** The same as a histogram. */
  readonly ackHistogram: AckHistogram;
  /** The values by which the balancer picks lanes. */
  readonly balancer: {
    /** Confirmed bytes per second while the lane is busy; 0: not known yet. */
    readonly rate: number;
    /**
     * The moving average of the confirmation time, in milliseconds; 0: nothing is confirmed on this
     * connection yet.
     */
    readonly ackLatencyMs: number;
    /** How many milliseconds are left of a pause that the indexer asked for (§4, THROTTLE); 0: none. */
    readonly throttledMs: number;
    /** The expected time until the next batch is confirmed, in milliseconds. */
    readonly expectedMs: number;
    /** Whether the lane has confirmed nothing yet, and gets only small batches. */
    readonly isProbed: boolean;
  };
  /** The API version of the indexer (§2); `undefined` while there is no connection. */
  readonly indexerVersion: number | undefined;
  /** The compression that was agreed with the indexer (§9); `undefined` while there is no connection. */
  readonly compression: CompressionName | undefined;
  /** The latest error of the lane, even if it has recovered; `undefined`: there was none. */
  readonly lastError: Error | undefined;
}

/**
 * A snapshot of the muxer: sums over all lanes, and what is in no lane. An entry that moved between
 * lanes counts once.
 */
export interface MuxerStats extends Amounts {
  /** How many lanes are connected and allowed to ingest. */
  readonly hot: number;
  /** How many times lanes have connected again after their first connections. */
  readonly reconnects: number;
  /** Bytes in all rings that are not confirmed, including large entries, which are kept outside the rings. */
  readonly unconfirmedBytes: number;
  /** Entries that wait in the backlog for room. */
  readonly backlogEntries: number;
  /** Accepted entries that wait for an indexer that accepts their tag. */
  readonly refusedEntries: number;
  /** Producers in other threads that are not closed. */
  readonly producers: number;
  /** Bytes of frames that producers have committed, and that the muxer has not taken over. */
  readonly producerBytes: number;
  /** Memory of unfinished ditto blocks, in bytes. */
  readonly dittoBytes: number;
  /** Lines of the self log that were dropped before they could be ingested. */
  readonly droppedLogLines: number;
  /** The time from giving frames to a socket to their confirmation, in milliseconds, over all lanes. */
  readonly ackLatencyMs: AckLatency;
  /** The same as a histogram. */
  readonly ackHistogram: AckHistogram;
  /** A snapshot of the disk cache; `undefined`: the muxer has none. */
  readonly cache: CacheStats | undefined;
  /** A snapshot of each lane. Lanes that were removed are in the sums only. */
  readonly lanes: readonly LaneStats[];
}

/** The parts of a muxer that count. */
export interface CountingParts {
  readonly lanes: Lanes;
  readonly rings: Rings;
  readonly dispatcher: Dispatcher;
  readonly dittos: DittoWriter;
  readonly log: SelfLog;
  readonly cache: DiskCache | undefined;
  readonly producers: Producers;
}

/** Takes a snapshot of all lanes, of their sums, and of what waits elsewhere. */
export function muxerStats(parts: CountingParts): MuxerStats {
  const { rings, dispatcher, dittos, log, cache, producers } = parts;
  const { placer, refused, removed } = rings;
  const lanes = parts.lanes.all;
  const all = lanes.map((lane) => laneStats(lane, placer.balancer));
  const latency = createHistogram();
  latency.add(removed.latency);
  const latencies = noLatencies();
  addLatencies(latencies, removed.latencies);
  for (const lane of lanes) {
    latency.add(lane.latency);
    addLatencies(latencies, lane.latencies());
  }
  const sum = (count: (lane: LaneStats | RemovedSums) => number) =>
    all.reduce((n, lane) => n + count(lane), count({ ...removed, ...removed.counters }));
  const written = rings.written();
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
    unconfirmedBytes: all.reduce((n, lane) => n + lane.unconfirmedBytes, 0),
    backlogEntries: dispatcher.backlog.entries,
    refusedEntries: refused.entries,
    producers: producers.count,
    producerBytes: producers.waitingBytes,
    dittoBytes: dittos.unfinishedBytes,
    droppedLogLines: log.dropped,
    ackLatencyMs: ackLatency(latency),
    ackHistogram: ackHistogram(latencies),
    cache: cache?.stats(),
    lanes: all,
  };
}

/** What is left of lanes that are removed. */
type RemovedSums = Omit<Amounts, 'writtenEntries' | 'writtenBytes'> & Pick<LaneStats, 'reconnects'>;

/** Takes a snapshot of one lane. */
function laneStats(lane: Lane, balancer: Balancer<Outlet>): LaneStats {
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
    ackHistogram: ackHistogram(lane.latencies()),
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
  if (histogram.count === 0) return { mean: 0, p50: 0, p90: 0, p99: 0, max: 0, samples: 0 };
  const at = (percentile: number) => histogram.percentile(percentile) / 1000;
  return {
    mean: histogram.mean / 1000,
    p50: at(50),
    p90: at(90),
    p99: at(99),
    max: histogram.max / 1000,
    samples: histogram.count,
  };
}

/** The bounds of `AckHistogram`. */
const BOUNDS: readonly number[] = [...LATENCY_BOUNDS.map((micros) => micros / 1000), Infinity];

function ackHistogram({ counts, sum }: BucketCounts): AckHistogram {
  let below = 0;
  const sums = counts.map((count) => {
    below += count;
    return below;
  });
  return { bounds: BOUNDS, counts: sums, sum: sum / 1000 };
}
