import type { LaneStats } from '@ringest/core';
import type { LoadProgress } from '../../load/load-observer.js';

/** A load as it was seen now and then. Counts are those since its start. */
export interface Recording {
  readonly samples: readonly Sample[];
  readonly events: readonly RecordedEvent[];
  /** Events that came when there was no room for more of them. */
  readonly moreEvents: number;
  /** Lanes that have no record of their own: the last one of each sample has their sums. */
  readonly otherLanes: number;
}

export interface Sample {
  /** Since the first write. */
  readonly seconds: number;
  /** Entries that are written. */
  readonly written: number;
  /** What else the muxer says; `undefined` where it is in another process. */
  readonly muxer?: MuxerSample;
}

export interface MuxerSample {
  readonly confirmed: number;
  readonly resent: number;
  readonly reconnects: number;
  readonly lanes: readonly LaneSample[];
  readonly cache?: { readonly pendingEntries: number; readonly bytes: number };
}

export interface LaneSample {
  readonly target: string;
  readonly confirmed: number;
  /** How full its ring is, from 0 to 1. */
  readonly fill: number;
  /** The moving average of its confirmation times, in milliseconds; 0: nothing is confirmed yet. */
  readonly ackMs: number;
}

/** Something that happened while the load ran. */
export interface RecordedEvent {
  readonly seconds: number;
  readonly kind: 'lost connection' | 'fault';
  readonly text: string;
}

/** Lanes that have a record of their own. */
const MAX_LANES = 8;

export function sampleOf({ entries, elapsedMs, stats }: LoadProgress): Sample {
  const sample = { seconds: elapsedMs / 1000, written: entries };
  if (stats === undefined) return sample;
  const { confirmedEntries: confirmed, resentEntries: resent, reconnects, cache } = stats;
  return {
    ...sample,
    muxer: {
      ...{ confirmed, resent, reconnects, lanes: lanesOf(stats.lanes) },
      ...(cache && { cache: { pendingEntries: cache.pendingEntries, bytes: cache.bytes } }),
    },
  };
}

/** How many lanes are left without a record of their own. */
export function otherLanes(lanes: number): number {
  return lanes > MAX_LANES ? lanes - MAX_LANES + 1 : 0;
}

function lanesOf(lanes: readonly LaneStats[]): LaneSample[] {
  const others = otherLanes(lanes.length);
  if (others === 0) return lanes.map(laneOf);
  const rest = lanes.slice(-others).map(laneOf);
  const mean = (of: (lane: LaneSample) => number) =>
    rest.reduce((sum, lane) => sum + of(lane), 0) / others;
  return [
    ...lanes.slice(0, -others).map(laneOf),
    {
      target: `${others} other lanes`,
      confirmed: mean(({ confirmed }) => confirmed) * others,
      fill: mean(({ fill }) => fill),
      ackMs: mean(({ ackMs }) => ackMs),
    },
  ];
}

function laneOf({ target, confirmedEntries, unconfirmedBytes, ringBytes, balancer }: LaneStats) {
  return {
    target,
    confirmed: confirmedEntries,
    // Large entries are kept outside of the ring.
    fill: Math.min(unconfirmedBytes / ringBytes, 1),
    ackMs: balancer.ackLatencyMs,
  };
}
