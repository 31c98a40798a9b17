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
const START = { seconds: 1_700_000_000, nanoseconds: 0 };
const SOURCE = Source.parse('127.0.0.1');
const LINE_END = Buffer.from('\n');
/** Bytes of lines that come at once, as from a file or socket. */
const READ_BYTES = 65536;
/** Entries between two looks at the clock. */
const BATCH = 1024;

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
  readonly entries: readonly LoadEntry[];
  /** Returns what to wait for before the next write. */
  readonly pauseFor: (written: Promise<void>) => Promise<void> | undefined;
}

/** Writes a chunk of entries. Returns what to wait for before the next one. */
type WriteChunk = () => Promise<void> | undefined;

/** The ways to write that are measured beside each other. */
const WRITERS = {
  writeEntry({ muxer, entries, pauseFor }) {
    return async () => {
      for (const entry of entries) {
        const written = muxer.writeEntry(entry);
        const wait = written && pauseFor(written);
        if (wait) await wait;
      }
    };
  },
  writeBatch({ muxer, entries, pauseFor }) {
    return () => {
      const written = muxer.writeBatch(entries);
      return written && pauseFor(written);
    };
  },
  lines({ muxer, entries, pauseFor }) {
    const writer = muxer.lineWriter({ tag: tagOf(entries), source: SOURCE });
    const lines = Buffer.concat(entries.flatMap(({ data }) => [data, LINE_END]));
    const chunks = Array.from({ length: Math.ceil(lines.length / READ_BYTES) }, (_, i) =>
      lines.subarray(i * READ_BYTES, (i + 1) * READ_BYTES),
    );
    return async () => {
      for (const chunk of chunks) {
        const written = writer.write(chunk);
        const wait = written && pauseFor(written);
        if (wait) await wait;
      }
    };
  },
  packed({ muxer, entries, pauseFor }) {
    const bytes = Buffer.concat(entries.map(({ data }) => data));
    const offsets = new Uint32Array(entries.length + 1);
    for (const [i, { data }] of entries.entries()) {
      offsets[i + 1] = (offsets[i] as number) + data.length;
    }
    const options = { tag: tagOf(entries), timestamp: START, source: SOURCE };
    return () => {
      const written = muxer.writePacked(bytes, offsets, options);
      return written && pauseFor(written);
    };
  },
} as const satisfies Readonly<Record<string, (chunks: Chunks) => WriteChunk>>;

function tagOf([entry]: readonly LoadEntry[]): number {
  return entry?.tag ?? 0;
}

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
    source: SOURCE,
    startSeconds: START.seconds,
    batch: write === 'writeBatch' ? batch : 0,
    ...(content ? { content, varied: true } : { content: 'lines' }),
  });
  const isJournal = target.cache?.mode === 'journal';
  const receipts = isJournal ? new Receipts(muxer, entryBytes) : undefined;
  let sent = 0;
  const writeChunk: WriteChunk = WRITERS[write]({
    muxer,
    entries: Array.from({ length: batch }, (_, i) => source.entry(i)),
    pauseFor: (written) => (receipts === undefined ? written : receipts.take(written, sent)),
  });
  meter?.begin();
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  while (performance.now() - start < duration) {
    const wait = writeChunk();
    if (wait) await wait;
    sent += batch;
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
