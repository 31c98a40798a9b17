import { IngestMuxer, type MuxerConfiguration } from '@ringest/core';
import type { Content } from '../contents/content.js';
import { Receipts } from '../load/receipts.js';
import { allHot } from '../shared/all-hot.js';
import { median } from '../shared/median.js';
import type { ThreadMeter } from './thread-meter.js';
import { chunkOf, WRITERS, type WriteChunk, type WritePath } from './write-paths.js';

/** The secret of indexers that are measured. */
export const SECRET = 'IngestSecrets';

export const TAG = 'bench';

/** Entries between two looks at the clock. */
export const BATCH = 1024;

/** How often and how long something is measured. */
export interface Rounds {
  readonly rounds: number;
  /** Milliseconds. */
  readonly duration: number;
}

/** A muxer that writes as fast as it finds room. */
export interface MuxerRun {
  readonly target: Pick<
    MuxerConfiguration,
    'targets' | 'connectionsPerTarget' | 'tls' | 'compression' | 'cache' | 'ringBytes'
  >;
  readonly entryBytes: number;
  readonly write: WritePath;
  /** Entries to a chunk, which a `writeBatch` is. Default: 1024. */
  readonly batch?: number;
  /** Milliseconds. */
  readonly duration: number;
  /**
   * Milliseconds of writing before anything is measured: what the threads compile in their first second is
   * not what an entry costs. Default: 0.
   */
  readonly warmUp?: number;
  /** It repeats too rarely for snappy to notice. Default: lines of a log, which may repeat. */
  readonly content?: Content;
}

/** What a run took, from the first write to the last confirmation. */
export interface MuxerRunResult {
  readonly entriesPerSecond: number;
  /** Processor time of this process, all its threads: the indexer has one of its own. */
  readonly cpuSecondsPerMillion: number;
  /** Bytes handed to the socket for each byte of frames. */
  readonly wireShare: number;
}

/**
 * Writes one chunk of entries, which is made beforehand, over and over.
 * @param run against an indexer with the secret {@link SECRET}
 * @param meter measures what threads, or other processes, take over the same time
 */
export async function runMuxer(
  run: MuxerRun,
  meter?: Pick<ThreadMeter, 'begin' | 'end'>,
): Promise<MuxerRunResult & { readonly entries: number }> {
  const { target, entryBytes, write, batch = BATCH, duration, warmUp = 0, content } = run;
  await using muxer = new IngestMuxer({
    ...target,
    secret: SECRET,
    tags: [TAG],
    selfIngest: false,
  });
  muxer.start();
  await allHot(muxer);
  const isJournal = target.cache?.mode === 'journal';
  const receipts = isJournal ? new Receipts(muxer, entryBytes) : undefined;
  let sent = 0;
  const writeChunk: WriteChunk = WRITERS[write]({
    target: muxer,
    entries: chunkOf({ tag: muxer.getTag(TAG), entryBytes, write, batch, content }),
    pauseFor: (written) => (receipts === undefined ? written : receipts.take(written, sent)),
  });
  /** Returns how many entries it wrote; all of them are confirmed. */
  const writeFor = async (milliseconds: number) => {
    const sentBefore = sent;
    const start = performance.now();
    while (performance.now() - start < milliseconds) {
      const wait = writeChunk();
      if (wait) await wait;
      sent += batch;
    }
    await muxer.sync();
    return sent - sentBefore;
  };
  await writeFor(warmUp);
  meter?.begin();
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  const entries = await writeFor(duration);
  const seconds = (performance.now() - start) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  meter?.end();
  const { wireBytes, sentBytes } = muxer.stats();
  return {
    entries,
    entriesPerSecond: entries / seconds,
    cpuSecondsPerMillion: (cpu.user + cpu.system) / entries,
    wireShare: wireBytes / sentBytes,
  };
}

/** The median of each number. */
export function medianResult(results: readonly MuxerRunResult[]): MuxerRunResult {
  return {
    entriesPerSecond: median(results.map((result) => result.entriesPerSecond)),
    cpuSecondsPerMillion: median(results.map((result) => result.cpuSecondsPerMillion)),
    wireShare: median(results.map((result) => result.wireShare)),
  };
}

/**
 * Runs all of them in each round, and begins each round with another one, so that a machine that is
 * busy for a while slows none of them more than the others.
 */
export async function inTurn(
  runs: readonly (() => Promise<void>)[],
  rounds: number,
): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    for (let i = 0; i < runs.length; i++) await runs[(i + round) % runs.length]?.();
  }
}

/** Runs muxers in turn. Returns the medians of each, in their order. */
export async function runInTurn(
  runs: readonly MuxerRun[],
  rounds: number,
): Promise<MuxerRunResult[]> {
  const results = runs.map((run) => ({ run, all: [] as MuxerRunResult[] }));
  const tasks = results.map(({ run, all }) => async () => {
    all.push(await runMuxer(run));
  });
  await inTurn(tasks, rounds);
  return results.map(({ all }) => medianResult(all));
}
