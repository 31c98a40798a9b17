import { MAX_TIMER_MS } from '@ringest/core';
import type { ChaosIndexers } from '../chaos/chaos.js';
import type { EntrySource } from '../contents/entry-source.js';
import { type CacheFolder, openCacheFolder } from './cache-folder.js';
import { cacheCounts } from './cache-report.js';
import { LatencyLog } from './latency-log.js';
import { settleAccount, startChaos, startIndexer } from './load-account.js';
import { confirmAll, connect, watchConnections } from './load-connections.js';
import {
  createLineWriter,
  createMuxer,
  createSource,
  type Destination,
  destination,
  FIXED_SOURCE,
  startSeconds,
} from './load-ingester.js';
import type { LoadObserver } from './load-observer.js';
import type { LoadOptions } from './load-options.js';
import type { LoadReport } from './load-report.js';
import { summarize } from './load-summary.js';
import { writeLoad } from './load-writing.js';
import { Schedule } from './pace.js';
import { Receipts } from './receipts.js';

/**
 * Runs a load against the indexers of the options, or an embedded one whose account it checks.
 * @param stop ends the writing early; what is written by then is confirmed and counted
 * @throws {ConnectionError} an indexer refused the secret, or cannot be trusted
 * @throws {WaitTimeoutError} no indexer could be reached in time
 * @throws {CacheLockedError | CacheOpenError} the folder of the cache cannot be used
 */
export async function runLoad(
  options: LoadOptions,
  observer: LoadObserver,
  stop: AbortSignal,
): Promise<LoadReport> {
  using folder = options.cache && openCacheFolder(options.cache, options, observer);
  const chaos = await startChaos(options, observer);
  const isEmbedded = options.targets.length === 0 && chaos === undefined;
  const indexer = isEmbedded ? await startIndexer(options) : undefined;
  try {
    const { digest } = options;
    const to = { ...destination(options, chaos ?? indexer), chaos };
    const { report, source } = await ingest(options, to, folder, observer, stop);
    if (chaos !== undefined) {
      return { ...report, ...chaos.settle(report.entries), faults: chaos.faults };
    }
    if (indexer !== undefined) {
      return { ...report, ...(await settleAccount(indexer, source, report.entries, digest)) };
    }
    return digest === false ? report : { ...report, digest: source.digest(digest, report.entries) };
  } finally {
    await Promise.all([indexer?.stop(), chaos?.stop()]);
  }
}

/** Writes the entries, and measures from the first write until everything is confirmed. */
async function ingest(
  options: LoadOptions,
  to: Destination & { readonly chaos: ChaosIndexers | undefined },
  folder: CacheFolder | undefined,
  observer: LoadObserver,
  stop: AbortSignal,
): Promise<{ report: LoadReport; source: EntrySource }> {
  await using muxer = createMuxer(options, to, folder?.path);
  const watch = watchConnections(muxer, options, observer);
  await connect(muxer, options, AbortSignal.any([watch.failed, stop])).catch((error) => {
    watch.end();
    throw error;
  });
  const source = createSource(options, {
    tags: options.tagNames.map((name) => muxer.getTag(name)),
    source: folder === undefined ? muxer.sourceIP() : FIXED_SOURCE,
    startSeconds: startSeconds(options),
  });

  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  const timeIsUp = new AbortController();
  const timer = setTimeout(() => timeIsUp.abort(), Math.min(options.durationMs, MAX_TIMER_MS));
  const latencies =
    options.pace && new LatencyLog(new Schedule(options.pace), start, options.latencyFromMs);
  let entries: number;
  try {
    const signal = AbortSignal.any([stop, timeIsUp.signal, watch.failed]);
    const isJournal = options.cache?.mode === 'journal';
    const receipts = isJournal ? new Receipts(muxer, options.entryBytes, signal) : undefined;
    let next = 0;
    const look = (done: number) => {
      next = done;
      if (performance.now() - start >= options.durationMs) timeIsUp.abort();
    };
    observer.started(() => ({
      entries: next,
      elapsedMs: performance.now() - start,
      stats: muxer.stats(),
      latency: latencies?.latency,
    }));
    to.chaos?.begin();
    entries = await writeLoad(muxer, source, options, latencies, {
      ...{ batch: options.batch, signal, look },
      lines: createLineWriter(options, muxer, source),
      ...(receipts && { pause: receipts.take }),
    });
    await to.chaos?.end();
    await confirmAll(muxer, folder?.path, watch.failed);
    await receipts?.settled(options.timeoutMs);
    await latencies?.settled();
  } finally {
    clearTimeout(timer);
    watch.end();
    observer.ended();
  }
  const seconds = (performance.now() - start) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const cpuSeconds = (cpu.user + cpu.system) / 1e6;
  const report = summarize(options, muxer.stats(), latencies, {
    ...{ entries, bytes: source.bytes(entries), seconds, cpuSeconds },
  });
  if (options.cache === undefined || folder === undefined) return { report, source };
  const { mode } = options.cache;
  const counts = cacheCounts(muxer.stats());
  // What is left on disk is known only then.
  await muxer.close();
  return { report: { ...report, cache: { mode, bytes: folder.bytes, ...counts } }, source };
}
