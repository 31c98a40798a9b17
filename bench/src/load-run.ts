import { Source } from '@ringest/codec';
import {
  type ConnectionError,
  IngestMuxer,
  type MuxerConfiguration,
  type MuxerStats,
  WriteAbandonedError,
} from '@ringest/core';
import { EntrySource, type LoadEntry } from './entry-source.js';
import { IndexerChild } from './indexer-child.js';
import { connect, LONGEST_TIMER, watchConnections } from './load-connections.js';
import type { LoadOptions } from './load-options.js';
import type { LoadReport } from './load-report.js';

/** Who watches a load. */
export interface LoadObserver {
  /** The connection to an indexer failed; it is tried again. A failure that ends the load is thrown. */
  lost(error: ConnectionError, retryInMs: number): void;
  /** So many entries are written, after so many milliseconds. */
  progress(entries: number, elapsedMs: number): void;
}

/** How often the clock is looked at, in entries, and progress told, in milliseconds. */
const LOOK_ENTRIES = 8192;
const LOOK_INTERVAL = 100;

/**
 * Runs a load against the indexers of the options, or an embedded one whose account it checks.
 * @param stop ends the writing early; what is written by then is confirmed and counted
 * @throws {ConnectionError} an indexer refused the secret, or cannot be trusted
 * @throws {WaitTimeoutError} no indexer could be reached in time
 */
export async function runLoad(
  options: LoadOptions,
  observer: LoadObserver,
  stop: AbortSignal,
): Promise<LoadReport> {
  const child = options.targets.length === 0 ? await startIndexer(options) : undefined;
  try {
    const { report, source } = await ingest(options, reach(options, child), observer, stop);
    if (child === undefined) {
      return options.digest ? { ...report, digest: source.digest(report.entries) } : report;
    }
    const { digest, ...arrived } = await child.report(report.entries);
    const lost = report.entries - (arrived.received - arrived.duplicated - arrived.foreign);
    if (digest === undefined) return { ...report, ...arrived, lost };
    const digestMatches = digest === source.digest(report.entries);
    return { ...report, ...arrived, lost, digest, digestMatches };
  } finally {
    await child?.stop();
  }
}

function startIndexer(options: LoadOptions): Promise<IndexerChild> {
  const { secret, digest, transport, tenant } = options;
  const tenants = tenant === undefined ? {} : { tenants: [tenant] };
  return IndexerChild.start({ secret, tally: true, digest, transports: [transport], ...tenants });
}

/** Where the entries go, and what is shown and verified there. */
function reach(
  { targets, secret, tenant, compression, tlsCa, tlsClient, insecureSkipVerify }: LoadOptions,
  child: IndexerChild | undefined,
) {
  const addresses = child === undefined ? targets : child.addresses;
  const ca = child === undefined ? tlsCa : child.ca;
  const tls = { insecureSkipVerify, ...(ca === undefined ? {} : { ca }), ...tlsClient };
  return {
    targets: addresses,
    secret,
    compression,
    ...(addresses.some((address) => address.startsWith('tls://')) ? { tls } : {}),
    ...(tenant === undefined ? {} : { tenant }),
  } satisfies Partial<MuxerConfiguration>;
}

/** Writes the entries, and measures from the first write until everything is confirmed. */
async function ingest(
  options: LoadOptions,
  reached: ReturnType<typeof reach>,
  observer: LoadObserver,
  stop: AbortSignal,
): Promise<{ report: LoadReport; source: EntrySource }> {
  const { workers, ringBytes, connections, entryBytes, seed } = options;
  await using muxer = new IngestMuxer({
    ...reached,
    name: 'ringest load',
    tags: [options.tagName],
    connectionsPerTarget: connections,
    // What arrives is counted.
    selfIngest: false,
    // What matters is confirmed by the sync before.
    closeTimeout: 1000,
    ...(workers === undefined ? {} : { workers }),
    ...(ringBytes === undefined ? {} : { ringBytes }),
  });
  const watch = watchConnections(muxer, options, (error, retryInMs) =>
    observer.lost(error, retryInMs),
  );
  await connect(muxer, options, AbortSignal.any([watch.failed, stop])).catch((error) => {
    watch.end();
    throw error;
  });
  const source = new EntrySource({
    seed,
    entryBytes,
    tag: muxer.getTag(options.tagName),
    source: Source.parse(muxer.sourceIP()),
    startSeconds: Math.floor(Date.now() / 1000),
    batch: options.batch,
    content: options.content,
    varied: options.compression !== 'none',
  });

  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  const timeIsUp = new AbortController();
  const timer = setTimeout(() => timeIsUp.abort(), Math.min(options.durationMs, LONGEST_TIMER));
  let entries: number;
  try {
    const signal = AbortSignal.any([stop, timeIsUp.signal, watch.failed]);
    entries = await write(muxer, source, options, signal, (done) => {
      const elapsed = performance.now() - start;
      observer.progress(done, elapsed);
      if (elapsed >= options.durationMs) timeIsUp.abort();
    });
    await muxer.sync({ signal: watch.failed });
  } finally {
    clearTimeout(timer);
    watch.end();
  }
  const seconds = (performance.now() - start) / 1000;
  const cpu = process.cpuUsage(cpuBefore);

  const bytes = entries * entryBytes;
  const stats = muxer.stats();
  const report: LoadReport = {
    entries,
    bytes,
    seconds,
    entriesPerSecond: entries / seconds,
    megabytesPerSecond: bytes / seconds / 1e6,
    transports: [...new Set(stats.lanes.map(({ target }) => target.split('://', 1)[0] as string))],
    compressionAsked: options.compression,
    compression: agreed(stats),
    wireBytes: stats.wireBytes,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    maxRssBytes: process.resourceUsage().maxRSS * 1024,
    ackLatencyMs: stats.ackLatencyMs,
    lost: entries - stats.confirmedEntries,
    resent: stats.resentEntries,
    lanes: stats.lanes.map(({ target, confirmedEntries, reconnects, compression }) => ({
      target,
      entries: confirmedEntries,
      reconnects,
      ...(compression && { compression }),
    })),
  };
  return { report, source };
}

/** What the indexers that are connected have agreed to. */
function agreed({ lanes }: MuxerStats): LoadReport['compression'] {
  const [one, ...others] = new Set(lanes.flatMap(({ compression }) => compression ?? []));
  return others.length > 0 ? 'mixed' : (one ?? 'unknown');
}

/**
 * Writes entries one by one or in batches, until there are enough or the signal says so.
 * @param look is called every now and then
 * @returns how many were accepted
 */
async function write(
  muxer: IngestMuxer,
  source: EntrySource,
  { entryCount, batch }: LoadOptions,
  signal: AbortSignal,
  look: (done: number) => void,
): Promise<number> {
  const wait = { signal };
  const entries: LoadEntry[] = Array.from({ length: batch }, () => source.entry(0));
  let done = 0;
  let nextLook = 0;
  let lastLook = performance.now();
  try {
    while (done < entryCount && !signal.aborted) {
      if (done >= nextLook) {
        nextLook = done + LOOK_ENTRIES;
        const now = performance.now();
        if (now - lastLook >= LOOK_INTERVAL) {
          lastLook = now;
          look(done);
          // An interrupt is heard only between turns of the event loop.
          await new Promise(setImmediate);
        }
      }
      if (batch === 0) {
        const room = muxer.writeEntry(source.entry(done), wait);
        if (room) await room;
        done++;
      } else {
        entries.length = Math.min(batch, entryCount - done);
        source.fill(entries, done);
        const room = muxer.writeBatch(entries, wait);
        if (room) await room;
        done += entries.length;
      }
    }
  } catch (error) {
    if (!(error instanceof WriteAbandonedError && signal.aborted)) throw error;
    done += error.accepted;
  }
  return done;
}
