import { Source } from '@ringest/codec';
import { IngestMuxer, type MuxerConfiguration } from '@ringest/core';
import type { Content } from '../contents/content.js';
import { EntrySource, type LoadEntry } from '../contents/entry-source.js';
import { Receipts } from '../load/receipts.js';
import { median } from '../shared/median.js';
import type { ThreadMeter } from './thread-meter.js';

/** The secret of indexers that are measured. */
export const SECRET = 'IngestSecrets';

const TAG = 'bench';
/** Entries between two looks at the clock. */
const BATCH = 1024;
/** Bytes of a chunk of lines, as a file or a socket gives them. */
const CHUNK_BYTES = 65_536;

/** How often and how long something is measured. */
export interface Rounds {
  readonly rounds: number;
  /** Milliseconds. */
  readonly duration: number;
}

/** What a way of writing needs to know. */
interface Chunks {
  readonly muxer: IngestMuxer;
  /** One chunk, which is written over and over. */
  readonly entries: readonly [LoadEntry, ...LoadEntry[]];
  /** Returns what to wait for before the next write. */
  readonly pauseFor: (written: Promise<void>) => Promise<void> | undefined;
}

/** A way of writing that is ready to begin. */
interface Writing {
  /** Entries in a chunk. */
  readonly entries: number;
  /** Writes a chunk. Returns what to wait for before the next one. */
  write(): Promise<void> | undefined;
}

/** The ways to write that are measured beside each other. */
const WRITERS = {
  writeEntry({ muxer, entries, pauseFor }) {
    const write = async () => {
      for (const entry of entries) {
        const written = muxer.writeEntry(entry);
        const wait = written && pauseFor(written);
        if (wait) await wait;
      }
    };
    return { entries: entries.length, write };
  },
  writeBatch({ muxer, entries, pauseFor }) {
    const write = () => {
      const written = muxer.writeBatch(entries);
      return written && pauseFor(written);
    };
    return { entries: entries.length, write };
  },
  packed({ muxer, entries: [first], pauseFor }) {
    const { length } = first.data;
    const count = Math.ceil(CHUNK_BYTES / length);
    const chunk = Buffer.alloc(count * length, 'x');
    const offsets = Uint32Array.from({ length: count + 1 }, (_, i) => i * length);
    const options = { tag: first.tag, timestamp: first.timestamp, source: first.source };
    const write = () => {
      const written = muxer.writePacked(chunk, offsets, options);
      return written && pauseFor(written);
    };
    return { entries: count, write };
  },
  lines({ muxer, entries: [first], pauseFor }) {
    const { tag, timestamp, source, data } = first;
    const count = Math.ceil(CHUNK_BYTES / (data.length + 1));
    const chunk = Buffer.from(`${'x'.repeat(data.length)}\n`.repeat(count));
    const writer = muxer.lineWriter({ tag, timestamp, source });
    const write = () => {
      const written = writer.write(chunk);
      return written && pauseFor(written);
    };
    return { entries: count, write };
  },
} as const satisfies Readonly<Record<string, (chunks: Chunks) => Writing>>;

export type WritePath = keyof typeof WRITERS;

/** In the order in which they are shown. */
export const WRITE_PATHS = Object.keys(WRITERS) as readonly WritePath[];

/** A muxer that writes as fast as it finds room. */
export interface MuxerRun {
  readonly target: Pick<
    MuxerConfiguration,
    'targets' | 'tls' | 'compression' | 'cache' | 'ringBytes'
  >;
  readonly entryBytes: number;
  readonly write: WritePath;
  /** Entries to a chunk, which a `writeBatch` is. Default: 1024. */
  readonly batch?: number;
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

/**
 * Writes one chunk of entries, which is made beforehand, over and over.
 * @param run against an indexer with the secret {@link SECRET}
 * @param meter measures what threads take over the same time; made just now
 */
export async function runMuxer(
  run: MuxerRun,
  meter?: ThreadMeter,
): Promise<MuxerRunResult & { readonly entries: number }> {
  const { target, entryBytes, write, batch = BATCH, duration, content } = run;
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
    tags: [muxer.getTag(TAG)],
    source: Source.parse('127.0.0.1'),
    startSeconds: 1_700_000_000,
    batch: write === 'writeBatch' ? batch : 0,
    ...(content && { content, varied: true }),
  });
  const isJournal = target.cache?.mode === 'journal';
  const receipts = isJournal ? new Receipts(muxer, entryBytes) : undefined;
  let sent = 0;
  const others = Array.from({ length: batch - 1 }, (_, i) => source.entry(i + 1));
  const writing: Writing = WRITERS[write]({
    muxer,
    entries: [source.entry(0), ...others],
    pauseFor: (written) => (receipts === undefined ? written : receipts.take(written, sent)),
  });
  meter?.begin();
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  while (performance.now() - start < duration) {
    const wait = writing.write();
    if (wait) await wait;
    sent += writing.entries;
  }
  await muxer.sync();
  const seconds = (performance.now() - start) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  meter?.end();
  const { wireBytes, sentBytes } = muxer.stats();
  return {
    entries: sent,
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
