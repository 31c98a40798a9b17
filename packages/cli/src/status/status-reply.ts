import type { CacheStats, IngestMuxer, LaneStats } from '@ringest/core';
import type { RelayListenerStats } from '@ringest/relay';

/** Counts of a running command, since its start. */
export interface StatusCounts {
  /** Bytes that were read. */
  readonly bytes: number;
  readonly entries: number;
  readonly confirmed: number;
  /** Entries that cannot be sent. A relay has none: it refuses ingesters and tags, see `ingestListeners`. */
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

/** What listeners hold, and what they have turned away since the start. */
export interface ListenStatus {
  /** Bytes of senders that are in memory: bodies, chunks, unfinished lines and datagrams. */
  readonly heldBytes: number;
  /** The most of them at the same time. */
  readonly mostHeldBytes: number;
  /** `--max-waiting`: they are never more. */
  readonly maxWaitingBytes: number;
  /** Datagrams that found no room, here or in the kernel. */
  readonly dropped: number;
  /** How many of these the kernel has dropped; `null`: it does not say so on this system. */
  readonly droppedByKernel: number | null;
  /** Connections by TCP that were closed because their unfinished lines took too much room. */
  readonly cutConnections: number;
  /** Connections that were closed because there were too many. */
  readonly refusedConnections: number;
  /** Requests that were answered with 503: their bodies found no room, or they were not confirmed by the end. */
  readonly busyRequests: number;
}

/** A queue whose messages become entries: counts since the start. */
export interface QueueStatus {
  /**
   * Where its messages come from, such as `nats://127.0.0.1:4222 events/ingest`, or `kafka://…` with a topic and a
   * group.
   */
  readonly name: string;
  readonly pulled: number;
  /**
   * Messages that were acknowledged, after their entries were confirmed. In Kafka: whose offsets are committed, with
   * those that are skipped.
   */
  readonly acknowledged: number;
  /**
   * Pulled messages that had been delivered before, here or elsewhere. Kafka knows only of those that were delivered
   * here.
   */
  readonly redelivered: number;
  /** Messages of which no entry can be made: they are never delivered again. */
  readonly terminated: number;
  /** Messages that were given back, to be delivered again. */
  readonly returned: number;
  /** Messages whose header with the time could not be read: their entries have the time that the queue has given them. */
  readonly undated: number;
  /** Messages that are here, and not acknowledged yet. */
  readonly unconfirmed: number;
}

/** The queue that entries go to, in place of indexers. */
export interface OutletStatus {
  /** Where entries go, such as `nats://127.0.0.1:4222 ringest.{tag}`. */
  readonly name: string;
  readonly isConnected: boolean;
  readonly published: number;
  readonly stored: number;
  /** Those among the stored that the queue had already. Kafka does not know them: 0. */
  readonly duplicates: number;
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
  /** What the listeners hold and have turned away; `null`: there is none. */
  readonly listeners: ListenStatus | null;
  /** The listeners of a relay. */
  readonly ingestListeners: readonly RelayListenerStats[];
  readonly queues: readonly QueueStatus[];
  /** `null`: entries go to indexers, by `lanes`. */
  readonly to: OutletStatus | null;
}

/** What a status is made of. */
export interface StatusSource {
  readonly command: StatusReply['command'];
  /** One, or one for each tenant. */
  readonly muxers: ReadonlyMap<string, IngestMuxer>;
  counts(): StatusCounts;
  files?(): readonly FileStatus[];
  /** `undefined`: there is no listener. */
  listeners?(): ListenStatus | undefined;
  ingestListeners?(): readonly RelayListenerStats[];
  queues?(): readonly QueueStatus[];
  to?(): OutletStatus | undefined;
}

/** Makes the reply of a running command. */
export function statusReply(source: StatusSource, rates: StatusCounts): StatusReply {
  const stats = [...source.muxers.values()].map((muxer) => muxer.stats());
  const lanes = stats.flatMap((one) => one.lanes);
  const cache = shownCache(stats.flatMap((one) => one.cache ?? []));
  const { bytes, entries, confirmed, refused } = source.counts();
  const to = source.to?.() ?? null;
  return {
    version: 1,
    command: source.command,
    pid: process.pid,
    seconds: Math.round(process.uptime()),
    ...{ bytes, entries, confirmed, refused, rates },
    // The lane to a queue is within the process.
    lanes: to === null ? lanes.map(laneStatus) : [],
    cache: cache === undefined ? null : { ...cache, trouble: cache.trouble?.message ?? null },
    files: source.files?.() ?? [],
    listeners: source.listeners?.() ?? null,
    ingestListeners: source.ingestListeners?.() ?? [],
    queues: source.queues?.() ?? [],
    to,
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
