import { Source } from '@ringest/codec';
import { type ConnectionError, IngestMuxer } from '@ringest/core';
import { EntrySource, type LoadEntry } from './entry-source.js';
import { IndexerChild } from './indexer-child.js';
import type { LoadOptions } from './load-options.js';
import type { LoadReport } from './load-report.js';

/** Who watches a load. */
export interface LoadObserver {
  /** The connection to an indexer failed; it is tried again. */
  lost(error: ConnectionError, retryInMs: number): void;
  /** So many entries are written, after so many milliseconds. */
  progress(entries: number, elapsedMs: number): void;
}

/** How often progress is told, at least, in milliseconds and entries. */
const PROGRESS_INTERVAL = 100;
const PROGRESS_ENTRIES = 8192;

/**
 * Runs a load against the indexers of the options, or an embedded one whose account it checks.
 * @param stop ends the writing early; what is written by then is confirmed and counted
 * @throws {ConnectionError} an indexer refused the secret
 * @throws {WaitTimeoutError} no indexer could be reached in time
 */
export async function runLoad(
  options: LoadOptions,
  observer: LoadObserver,
  stop: AbortSignal,
): Promise<LoadReport> {
  const { secret, digest } = options;
  const child =
    options.targets.length === 0
      ? await IndexerChild.start({ secret, tally: true, digest })
      : undefined;
  try {
    const targets = child === undefined ? options.targets : [child.address];
    const { report, source } = await ingest(options, targets, observer, stop);
    if (child === undefined) return report;
    const tally = await child.report(report.entries);
    const lost = report.entries - (tally.received - tally.duplicated - tally.foreign);
    const { received, duplicated, foreign } = tally;
    if (tally.digest === undefined) return { ...report, received, lost, duplicated, foreign };
    const digestMatches = tally.digest === source.digest(report.entries);
    return { ...report, received, lost, duplicated, foreign, digest: tally.digest, digestMatches };
  } finally {
    await child?.stop();
  }
}

/** Writes the entries, and measures from the first write until everything is confirmed. */
async function ingest(
  options: LoadOptions,
  targets: readonly string[],
  observer: LoadObserver,
  stop: AbortSignal,
): Promise<{ report: LoadReport; source: EntrySource }> {
  const { workers, ringBytes, connections, entryBytes, seed } = options;
  await using muxer = new IngestMuxer({
    name: 'ringest load',
    targets,
    secret: options.secret,
    tags: [options.tagName],
    connectionsPerTarget: connections,
    ...(workers === undefined ? {} : { workers }),
    ...(ringBytes === undefined ? {} : { ringBytes }),
  });
  await connect(muxer, options, observer, stop);
  const source = new EntrySource({
    seed,
    entryBytes,
    tag: muxer.getTag(options.tagName),
    source: Source.parse(muxer.sourceIP()),
    startSeconds: Math.floor(Date.now() / 1000),
    batch: options.batch,
  });

  const start = performance.now();
  const cpuBefore = process.cpuUsage();
  const entries = await write(muxer, source, options, (done) => {
    const elapsed = performance.now() - start;
    observer.progress(done, elapsed);
    return elapsed < options.durationMs && !stop.aborted;
  });
  await muxer.sync();
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
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    maxRssBytes: process.resourceUsage().maxRSS * 1024,
    ackLatencyMs: stats.ackLatencyMs,
    lanes: stats.lanes.map(({ target, writtenEntries, reconnects }) => ({
      target,
      entries: writtenEntries,
      reconnects,
    })),
  };
  return { report, source };
}

/** Waits for every lane, or for one when time is up. A refused secret ends it at once. */
async function connect(
  muxer: IngestMuxer,
  { timeoutMs }: LoadOptions,
  observer: LoadObserver,
  stop: AbortSignal,
): Promise<void> {
  const refused = new AbortController();
  muxer.on('lost', (error, retryInMs) => {
    if (error.reason === 'authentication') refused.abort(error);
    else observer.lost(error, retryInMs);
  });
  muxer.start();
  await muxer.waitForHot({ timeout: timeoutMs, signal: AbortSignal.any([refused.signal, stop]) });
}

/**
 * Writes entries one by one or in batches until there are enough or `goOn` says no.
 * @returns how many were written
 */
async function write(
  muxer: IngestMuxer,
  source: EntrySource,
  { entryCount, batch }: LoadOptions,
  goOn: (done: number) => boolean,
): Promise<number> {
  let done = 0;
  let nextLook = 0;
  let lastLook = performance.now();
  const isDue = () => {
    nextLook = done + PROGRESS_ENTRIES;
    const now = performance.now();
    if (now - lastLook < PROGRESS_INTERVAL) return false;
    lastLook = now;
    return true;
  };
  const entries: LoadEntry[] = Array.from({ length: batch }, () => source.entry(0));
  while (done < entryCount) {
    if (done >= nextLook && isDue() && !goOn(done)) return done;
    if (batch === 0) {
      const wait = muxer.writeEntry(source.entry(done));
      if (wait) await wait;
      done++;
    } else {
      entries.length = Math.min(batch, entryCount - done);
      source.fill(entries, done);
      const wait = muxer.writeBatch(entries);
      if (wait) await wait;
      done += entries.length;
    }
  }
  return done;
}
