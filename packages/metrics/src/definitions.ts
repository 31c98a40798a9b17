import type { AckHistogram, Amounts, CacheStats, LaneStats } from '@ringest/core';
import type { Labels, Snapshot } from './snapshot.js';

/** A value of a counter or a gauge. */
export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

/** A distribution by buckets. Times are seconds. */
export interface HistogramSample {
  readonly labels: Labels;
  /** Pairs of an upper bound, rising to `Infinity`, and how many values are not above it. */
  readonly buckets: readonly (readonly [bound: number, count: number])[];
  readonly sum: number;
  readonly count: number;
}

/** The bound of a bucket as Prometheus writes it. */
export function boundText(bound: number): string {
  return bound === Infinity ? '+Inf' : `${bound}`;
}

/** What all metrics have. */
interface Described {
  /** As Prometheus wants it: with its unit, and `_total` for a counter. */
  readonly name: string;
  readonly help: string;
  readonly labelNames: readonly string[];
}

/** A metric with one value for each set of labels. */
export interface PlainMetric extends Described {
  /** A counter never falls; a gauge may. */
  readonly type: 'counter' | 'gauge';
  readonly samples: (snapshot: Snapshot) => readonly Sample[];
}

/** A metric with buckets, a sum and a count. */
export interface HistogramMetric extends Described {
  readonly type: 'histogram';
  readonly samples: (snapshot: Snapshot) => readonly HistogramSample[];
}

/** A metric of a muxer: its name, its help, and how its samples are read from a snapshot. */
export type Metric = PlainMetric | HistogramMetric;

type Value<Subject> = (subject: Subject) => number;

const LANE_LABELS = ['target', 'lane'];

/** What lanes and the muxer count: the name without its prefix, what it says, and the value. */
const AMOUNTS: readonly [
  name: string,
  help: string,
  value: Value<Amounts & { reconnects: number }>,
][] = [
  ['written_entries_total', 'Entries that were written into rings.', (s) => s.writtenEntries],
  ['written_bytes_total', 'Bytes of the frames of written entries.', (s) => s.writtenBytes],
  ['sent_entries_total', 'Entries that were given to sockets, each time.', (s) => s.sentEntries],
  ['sent_bytes_total', 'Bytes of the frames of sent entries.', (s) => s.sentBytes],
  ['confirmed_entries_total', 'Entries that indexers confirmed.', (s) => s.confirmedEntries],
  ['confirmed_bytes_total', 'Bytes of the frames of confirmed entries.', (s) => s.confirmedBytes],
  [
    'resent_entries_total',
    'Entries that were sent on a connection that was lost before it confirmed them.',
    (s) => s.resentEntries,
  ],
  ['resent_bytes_total', 'Bytes of the frames of resent entries.', (s) => s.resentBytes],
  [
    'wire_bytes_total',
    'Bytes given to sockets, after compression, before TLS.',
    (s) => s.wireBytes,
  ],
  ['reconnects_total', 'Connections after the first ones.', (s) => s.reconnects],
];

const MUXER: readonly Metric[] = [
  ...AMOUNTS.map(([name, help, value]) =>
    ofMuxer('counter', name, `${help} Over all lanes.`, ({ stats }) => value(stats)),
  ),
  ofMuxer(
    'gauge',
    'live',
    '1: the muxer can still ingest; 0: it is closed, or every target failed.',
    (s) => Number(s.health.live),
  ),
  ofMuxer('gauge', 'ready', '1: entries can be sent or stored now.', (s) => Number(s.health.ready)),
  ofMuxer('gauge', 'lanes', 'Lanes, hot or not.', ({ stats }) => stats.lanes.length),
  ofMuxer(
    'gauge',
    'hot_lanes',
    'Lanes that are connected and may ingest.',
    ({ stats }) => stats.hot,
  ),
  ofMuxer(
    'gauge',
    'unconfirmed_bytes',
    'Bytes in rings that are not confirmed.',
    ({ stats }) => stats.unconfirmedBytes,
  ),
  ofMuxer(
    'gauge',
    'backlog_entries',
    'Entries that wait in memory for room.',
    ({ stats }) => stats.backlogEntries,
  ),
  ofMuxer(
    'gauge',
    'refused_entries',
    'Entries whose tag every connected indexer refuses.',
    ({ stats }) => stats.refusedEntries,
  ),
  ofMuxer('gauge', 'producers', 'Producers in other threads.', ({ stats }) => stats.producers),
  ofMuxer(
    'gauge',
    'producer_bytes',
    'Bytes that producers have committed and the muxer has not taken over.',
    ({ stats }) => stats.producerBytes,
  ),
  ofMuxer(
    'gauge',
    'ditto_bytes',
    'Memory of unfinished ditto blocks.',
    ({ stats }) => stats.dittoBytes,
  ),
  ofMuxer(
    'counter',
    'dropped_log_lines_total',
    'Lines of the self log that were dropped.',
    ({ stats }) => stats.droppedLogLines,
  ),
  {
    type: 'histogram',
    name: 'ringest_ack_latency_seconds',
    help: 'Time from giving frames to a socket to their confirmation: one value for each write to a socket.',
    labelNames: [],
    samples: ({ stats }) => [latency({}, stats.ackHistogram)],
  },
];

const CACHE: readonly Metric[] = [
  ofCache('gauge', 'bytes', 'Bytes of all segments on disk.', (c) => c.bytes),
  ofCache('gauge', 'entries', 'Entries in all segments.', (c) => c.entries),
  ofCache(
    'gauge',
    'pending_entries',
    'Entries that are in the cache only.',
    (c) => c.pendingEntries,
  ),
  ofCache('gauge', 'unstored_bytes', 'Bytes on their way to the disk.', (c) => c.unstoredBytes),
  ofCache('gauge', 'full', '1: new entries wait because maxBytes is reached.', (c) =>
    Number(c.isFull),
  ),
  ofCache('gauge', 'trouble', '1: the disk stores nothing for now.', (c) =>
    Number(c.trouble !== undefined),
  ),
  ofCache(
    'counter',
    'replayed_entries_total',
    'Entries that were replayed into rings.',
    (c) => c.replayedEntries,
  ),
  ofCache(
    'counter',
    'recovered_entries_total',
    'Replayed entries of an earlier run.',
    (c) => c.recoveredEntries,
  ),
  ofCache(
    'counter',
    'dropped_entries_total',
    'Entries that were given up and never sent.',
    (c) => c.droppedEntries,
  ),
  ofCache(
    'counter',
    'damaged_entries_total',
    'Entries in damaged parts, as far as known.',
    (c) => c.damagedEntries,
  ),
  ofCache(
    'counter',
    'dropped_copies_total',
    'Copies that a journal gave up too early.',
    (c) => c.droppedCopies,
  ),
];

const LANES: readonly Metric[] = [
  ...AMOUNTS.map(([name, help, value]) => ofLanes('counter', name, help, value)),
  ofLanes(
    'counter',
    'evacuated_entries_total',
    'Entries that moved to other lanes.',
    (l) => l.evacuatedEntries,
  ),
  ofLanes('gauge', 'hot', '1: the lane is connected and may ingest.', (l) =>
    Number(l.state === 'hot'),
  ),
  ofLanes(
    'gauge',
    'unconfirmed_bytes',
    'Bytes in the ring that are not confirmed.',
    (l) => l.unconfirmedBytes,
  ),
  ofLanes('gauge', 'ring_bytes', 'The size of the ring.', (l) => l.ringBytes),
  ofLanes(
    'gauge',
    'throttled_seconds',
    'What is left of a pause that the indexer asked for.',
    (l) => l.balancer.throttledMs / 1000,
  ),
  {
    type: 'histogram',
    name: 'ringest_lane_ack_latency_seconds',
    help: 'Time from giving frames of the lane to the socket to their confirmation: one value for each write.',
    labelNames: LANE_LABELS,
    samples: ({ lanes }) => lanes.map(({ labels, stats }) => latency(labels, stats.ackHistogram)),
  },
];

/** All metrics of a muxer. Those of the cache have no values without one. */
export const METRICS: readonly Metric[] = [...MUXER, ...CACHE, ...LANES];

function ofMuxer(
  type: PlainMetric['type'],
  name: string,
  help: string,
  value: Value<Snapshot>,
): Metric {
  return {
    type,
    name: `ringest_${name}`,
    help,
    labelNames: [],
    samples: (snapshot) => [{ labels: {}, value: value(snapshot) }],
  };
}

function ofCache(
  type: PlainMetric['type'],
  name: string,
  help: string,
  value: Value<CacheStats>,
): Metric {
  return {
    type,
    name: `ringest_cache_${name}`,
    help,
    labelNames: [],
    samples: ({ stats: { cache } }) =>
      cache === undefined ? [] : [{ labels: {}, value: value(cache) }],
  };
}

function ofLanes(
  type: PlainMetric['type'],
  name: string,
  help: string,
  value: Value<LaneStats>,
): Metric {
  return {
    type,
    name: `ringest_lane_${name}`,
    help,
    labelNames: LANE_LABELS,
    samples: ({ lanes }) => lanes.map(({ labels, stats }) => ({ labels, value: value(stats) })),
  };
}

function latency(labels: Labels, { bounds, counts, sum }: AckHistogram): HistogramSample {
  const buckets = bounds.map((bound, bucket) => [bound / 1000, counts[bucket] ?? 0] as const);
  return { labels, buckets, sum: sum / 1000, count: counts.at(-1) ?? 0 };
}
