import { Source } from '@ringest/codec';
import { IngestMuxer, type MuxerConfiguration } from '@ringest/core';
import { Receipts } from '../load/receipts.js';
import type { Content } from '../shared/content.js';
import { EntrySource, type LoadEntry } from '../shared/entry-source.js';
import { median } from '../shared/median.js';

/** The secret of indexers that are measured. */
export const SECRET = 'IngestSecrets';

const TAG = 'bench';
/** Entries to a write, or between two looks at the clock. */
const BATCH = 1024;

/** How often and how long something is measured. */
export interface Rounds {
  readonly rounds: number;
  /** Milliseconds. */
  readonly duration: number;
}

/** A muxer that writes as fast as it finds room. */
export interface MuxerRun {
  readonly target: Pick<MuxerConfiguration, 'targets' | 'tls' | 'compression' | 'cache'>;
  readonly entryBytes: number;
  readonly write: 'writeEntry' | 'writeBatch';
  /** Milliseconds. */
  readonly duration: number;
  /** Default: random bytes. The content repeats too rarely for snappy to notice. */
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

/** @param run against an indexer with the secret {@link SECRET} */
export async function runMuxer(run: MuxerRun): Promise<MuxerRunResult> {
  const { target, entryBytes, write, duration, content } = run;
  await using muxer = new IngestMuxer({
    ...target,
    secret: SECRET,
    tags: [TAG],
    selfIngest: false,
  });
  muxer.start();
  await muxer.waitForHot({ timeout: 10_000 });
  const source = new EntrySource({
    seed: 1,
    entryBytes,
    tag: muxer.getTag(TAG),
    source: Source.parse('127.0.0.1'),
    startSeconds: 1_700_000_000,
    batch: write === 'writeBatch' ? BATCH : 0,
    ...(content && { content, varied: true }),
  });
  const entries: LoadEntry[] = Array.from({ length: BATCH }, () => source.entry(0));
  const isJournal = target.cache?.mode === 'journal';
  const receipts = isJournal ? new Receipts(muxer, entryBytes) : undefined;
  const pauseFor = receipts?.take ?? ((written: Promise<void>) => written);
  let sent = 0;
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  while (performance.now() - start < duration) {
    if (write === 'writeBatch') {
      source.fill(entries, sent);
      const written = muxer.writeBatch(entries);
      const wait = written && pauseFor(written, sent);
      if (wait) await wait;
    } else {
      for (let i = 0; i < BATCH; i++) {
        const written = muxer.writeEntry(source.entry(sent + i));
        const wait = written && pauseFor(written, sent);
        if (wait) await wait;
      }
    }
    sent += BATCH;
  }
  await muxer.sync();
  const seconds = (performance.now() - start) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  const { wireBytes, sentBytes } = muxer.stats();
  return {
    entriesPerSecond: sent / seconds,
    cpuSecondsPerMillion: (cpu.user + cpu.system) / sent,
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
