import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { IngestMuxer, type ProducerHandle } from '@ringest/core';
import { IndexerChild } from '../shared/indexer-child.js';
import { median } from '../shared/median.js';
import { BATCH, inTurn, type Rounds, runMuxer, SECRET, TAG } from './muxer-run.js';
import { type ProcessorTime, ThreadMeter } from './thread-meter.js';
import type { ChunkOptions, WritePath } from './write-paths.js';

const SIZES = [64, 256, 1024];
const PATHS: readonly WritePath[] = ['lines', 'writeBatch'];
/** Producers of a run; 0: the muxer writes alone. */
const COUNTS = [0, 1, 2, 4];

/** What the thread of a producer is told. */
export interface ProducerThreadData {
  readonly handle: ProducerHandle;
  readonly chunk: ChunkOptions;
  /** Milliseconds. */
  readonly duration: number;
}

/** What it reports. */
export interface ProducerThreadReport {
  readonly entries: number;
  /** Its processor time. */
  readonly nanoseconds: number;
}

/** One run: its rate, and the processor time of its threads in nanoseconds an entry. */
interface ProducersSample {
  readonly entriesPerSecond: number;
  /** All threads of producers together. */
  readonly producers: number;
  readonly main: number;
  readonly laneWorker: number;
}

/** The medians of all rounds. */
export interface ProducersRow extends ProducersSample {
  readonly size: number;
  readonly write: WritePath;
  readonly count: number;
  /**
   * Entries a second that the muxer's thread, or the busiest producer, would allow if each thread had a core
   * of its own, and if there were lanes enough: several connections, each with a worker.
   */
  readonly entriesPerSecondWithCores: number;
}

/**
 * Measures muxers with one connection, which write alone or by producers, against an embedded indexer in
 * another process.
 * @param onRow called with each row as soon as it is measured
 * @throws {NoThreadTimesError} this is not Linux
 */
export async function runProducers(
  { rounds, duration }: Rounds,
  onRow: (row: ProducersRow) => void,
): Promise<ProducersRow[]> {
  ThreadMeter.assertPossible();
  const indexer = await IndexerChild.start({ secret: SECRET, tally: false, digest: false });
  const rows: ProducersRow[] = [];
  try {
    for (const size of SIZES) {
      for (const write of PATHS) {
        const cases = COUNTS.map((count) => ({ count, samples: [] as ProducersSample[] }));
        const runs = cases.map(({ count, samples }) => async () => {
          const run = { address: indexer.address, size, write, duration };
          samples.push(await (count === 0 ? runAlone(run) : runWithProducers(run, count)));
        });
        await inTurn(runs, rounds);
        for (const { count, samples } of cases) {
          const row = medianRow(size, write, count, samples);
          rows.push(row);
          onRow(row);
        }
      }
    }
  } finally {
    await indexer.stop();
  }
  return rows;
}

/** A row for people. */
export function formatProducers(row: ProducersRow): string {
  const { size, write, count, producers, main, laneWorker } = row;
  const who = count === 0 ? 'the muxer alone' : `${count} producer${count === 1 ? '' : 's'}`;
  const times = [
    ...(count === 0 ? [] : [`producers ${producers.toFixed(0)} ns`]),
    `main thread ${main.toFixed(0)} ns`,
    `lane worker ${laneWorker.toFixed(0)} ns`,
  ];
  const rate = (entries: number) => `${(entries / 1e6).toFixed(2)} M/s`;
  return (
    `${size} bytes, ${write}, ${who}: ${rate(row.entriesPerSecond)}, ${times.join(', ')}; ` +
    `with cores and lanes enough at most ${rate(row.entriesPerSecondWithCores)}`
  );
}

interface ProducersRun {
  readonly address: string;
  readonly size: number;
  readonly write: WritePath;
  readonly duration: number;
}

async function runAlone({
  address,
  size,
  write,
  duration,
}: ProducersRun): Promise<ProducersSample> {
  const meter = new ThreadMeter();
  const run = { target: { targets: [address] }, entryBytes: size, write, duration };
  const { entries, entriesPerSecond } = await runMuxer(run, meter);
  const { main, workers } = meter.times;
  return {
    entriesPerSecond,
    producers: 0,
    main: total(main) / entries,
    laneWorker: total(workers) / entries,
  };
}

async function runWithProducers(
  { address, size, write, duration }: ProducersRun,
  count: number,
): Promise<ProducersSample> {
  const meter = new ThreadMeter();
  await using muxer = new IngestMuxer({
    targets: [address],
    secret: SECRET,
    tags: [TAG],
    selfIngest: false,
  });
  muxer.start();
  await muxer.waitForHot({ timeout: 10_000 });
  const chunk = { tag: muxer.getTag(TAG), entryBytes: size, write, batch: BATCH };
  const threads = Array.from({ length: count }, () => {
    const handle = muxer.producer();
    const workerData: ProducerThreadData = { handle, chunk, duration };
    const url = new URL('./producer-thread.js', import.meta.url);
    return new Worker(url, { workerData, transferList: [handle.port] });
  });
  await Promise.all(threads.map((thread) => once(thread, 'message')));
  const done = threads.map(async (thread): Promise<ProducerThreadReport> => {
    const [report] = await once(thread, 'message');
    return report;
  });
  meter.begin();
  const start = performance.now();
  for (const thread of threads) thread.postMessage('begin');
  const reports = await Promise.all(done);
  const seconds = (performance.now() - start) / 1000;
  meter.end();
  for (const thread of threads) thread.postMessage('end');
  const sum = (of: (report: ProducerThreadReport) => number) =>
    reports.reduce((all, report) => all + of(report), 0);
  const entries = sum((report) => report.entries);
  const nanoseconds = sum((report) => report.nanoseconds);
  const { main, workers } = meter.times;
  return {
    entriesPerSecond: entries / seconds,
    producers: nanoseconds / entries,
    main: total(main) / entries,
    laneWorker: (total(workers) - nanoseconds) / entries,
  };
}

function total({ user, system }: ProcessorTime): number {
  return user + system;
}

function medianRow(
  size: number,
  write: WritePath,
  count: number,
  samples: readonly ProducersSample[],
): ProducersRow {
  const of = (part: keyof ProducersSample) => median(samples.map((sample) => sample[part]));
  const [producers, main, laneWorker] = [of('producers'), of('main'), of('laneWorker')];
  const busiest = Math.max(producers / Math.max(count, 1), main);
  return {
    ...{ size, write, count, producers, main, laneWorker },
    entriesPerSecond: of('entriesPerSecond'),
    entriesPerSecondWithCores: 1e9 / busiest,
  };
}
