import type { CacheStats, IngestMuxer, LaneStats } from '@ringest/core';

/** Counts of a running command, since its start. */
export interface StatusCounts {
  /** Bytes that were read. */
  readonly bytes: number;
  readonly entries: number;
  readonly confirmed: number;
  readonly refused: number;
}

/** A followed file. All offsets are in bytes. */
export interface FileStatus {
  readonly path: string;
  /** Its size at the last look. */
  readonly size: number;
  /** How far it was read. */
  readonly read: number;
  /** How far its entries are confirmed. */
  readonly confirmed: number;
}

/** A connection to an indexer. */
export interface LaneStatus
  extends Pick<
    LaneStats,
    | 'target'
    | 'state'
    | 'sentEntries'
    | 'confirmedEntries'
    | 'resentEntries'
    | 'unconfirmedBytes'
    | 'ringBytes'
    | 'reconnects'
    | 'ackLatencyMs'
  > {
  /** Confirmed bytes per second while it is busy; 0: not known yet. */
  readonly rate: number;
  /** The latest error, even if it has recovered; `null`: there was none. */
  readonly lastError: string | null;
}

/** The disk cache. */
export interface CacheStatus extends Omit<CacheStats, 'trouble'> {
  /** Why it stores nothing for now; `null`: it works. */
  readonly trouble: string | null;
}

/** What a running command answers on its socket: one line of JSON. */
export interface StatusReply extends StatusCounts {
  /** The version of this form. A field may be added to it; nothing else changes without a new one. */
  readonly version: 1;
  readonly command: 'ship' | 'relay';
  readonly pid: number;
  /** How long it runs, in seconds. */
  readonly seconds: number;
  /** Means per second over the last seconds, at most ten. */
  readonly rates: StatusCounts;
  readonly lanes: readonly LaneStatus[];
  /** `null`: there is none. Where tenants have one each: one in trouble, else the one where most entries wait. */
  readonly cache: CacheStatus | null;
  /** The files that are followed. */
  readonly files: readonly FileStatus[];
}

/** What a status is made of. */
export interface StatusSource {
  readonly command: StatusReply['command'];
  /** One, or one for each tenant. */
  readonly muxers: ReadonlyMap<string, IngestMuxer>;
  counts(): StatusCounts;
  files(): readonly FileStatus[];
}

/** Makes the reply of a running command. */
export function statusReply(source: StatusSource, rates: StatusCounts): StatusReply {
  const stats = [...source.muxers.values()].map((muxer) => muxer.stats());
  const lanes = stats.flatMap((one) => one.lanes);
  const cache = shownCache(stats.flatMap((one) => one.cache ?? []));
  const { bytes, entries, confirmed, refused } = source.counts();
  return {
    version: 1,
    command: source.command,
    pid: process.pid,
    seconds: Math.round(process.uptime()),
    ...{ bytes, entries, confirmed, refused, rates },
    lanes: lanes.map(laneStatus),
    cache: cache === undefined ? null : { ...cache, trouble: cache.trouble?.message ?? null },
    files: source.files(),
  };
}

function shownCache(caches: readonly CacheStats[]): CacheStats | undefined {
  const [most] = caches.toSorted((one, other) => other.pendingEntries - one.pendingEntries);
  return caches.find(({ trouble }) => trouble !== undefined) ?? most;
}

function laneStatus({ balancer, lastError, ...lane }: LaneStats): LaneStatus {
  const { target, state, sentEntries, confirmedEntries, resentEntries } = lane;
  const { unconfirmedBytes, ringBytes, reconnects, ackLatencyMs } = lane;
  return {
    ...{ target, state, sentEntries, confirmedEntries, resentEntries },
    ...{ unconfirmedBytes, ringBytes, reconnects, ackLatencyMs },
    rate: balancer.rate,
    lastError: lastError?.message ?? null,
  };
}
