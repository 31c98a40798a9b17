import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { WritableStream } from 'node:stream/web';
import { IngestMuxer, type LineStreamOptions } from '@ringest/core';
import { EntrySource } from '../contents/entry-source.js';
import { IndexerChild } from '../shared/indexer-child.js';
import { median } from '../shared/median.js';
import { benchFolder } from './cache-bench.js';
import { inTurn, type Rounds, SECRET } from './muxer-run.js';

const SIZES = [64, 256, 1024];
const TAG = 'bench';
const FILE_BYTES = 64 * 1048576;
/** Bytes that a stream of a file reads at once, unless it has another `highWaterMark`. */
const READ_BYTES = 65536;
const LARGE_READ_BYTES = 524288;
const DISTINCT_LINES = 1024;
const LINE_END = Buffer.from('\n');

/** A muxer, and the file of lines that it ingests. */
interface Subject {
  readonly muxer: IngestMuxer;
  readonly options: LineStreamOptions;
  readonly path: string;
  readonly contents: Buffer;
}

/** The ways of a file into a muxer. The first one reads nothing, and the others are compared with it. */
const WAYS: Readonly<Record<string, (subject: Subject) => Promise<unknown>>> = {
  'line writer, file in memory': async ({ muxer, options, contents }) => {
    const writer = muxer.lineWriter(options);
    for (let at = 0; at < contents.length; at += READ_BYTES) {
      const wait = writer.write(contents.subarray(at, at + READ_BYTES));
      if (wait) await wait;
    }
    await writer.end();
  },
  'line writer, for await': async ({ muxer, options, path }) => {
    const writer = muxer.lineWriter(options);
    for await (const chunk of createReadStream(path)) {
      const wait = writer.write(chunk as Buffer);
      if (wait) await wait;
    }
    await writer.end();
  },
  'pipeline to writable': ({ muxer, options, path }) =>
    pipeline(createReadStream(path), muxer.writable(options)),
  'pipeline, reads of 512 KiB': ({ muxer, options, path }) =>
    pipeline(createReadStream(path, { highWaterMark: LARGE_READ_BYTES }), muxer.writable(options)),
  'pipeTo of writableStream': ({ muxer, options, path }) =>
    Readable.toWeb(createReadStream(path)).pipeTo(
      muxer.writableStream(options) as WritableStream<unknown>,
    ),
};

/** A file of lines of one size; medians of all rounds. */
export interface StreamsRow {
  readonly size: number;
  readonly ways: readonly {
    readonly name: string;
    readonly entriesPerSecond: number;
    /** Processor time of this process, all its threads: the indexer has one of its own. */
    readonly cpuSecondsPerMillion: number;
    /** For each entry of the first way in the same round; the median. */
    readonly ratio: number;
  }[];
}

/**
 * Measures the ways of a file into a muxer beside each other, to one and the same embedded indexer.
 * @param onRow called with each row as soon as it is measured
 */
export async function runStreams(
  { rounds, duration }: Rounds,
  onRow: (row: StreamsRow) => void,
): Promise<StreamsRow[]> {
  const indexer = await IndexerChild.start({ secret: SECRET, tally: false, digest: false });
  using folder = benchFolder(undefined);
  const rows: StreamsRow[] = [];
  try {
    for (const size of SIZES) {
      const path = join(folder.path, `${size}`);
      const lines = writeLines(path, size);
      const ways = Object.entries(WAYS).map(([name, write]) => ({
        name,
        write,
        rates: [] as number[],
        costs: [] as number[],
      }));
      const runs = ways.map(({ write, rates, costs }) => async () => {
        const [rate, cost] = await measure(indexer.address, path, lines, write, duration);
        rates.push(rate);
        costs.push(cost);
      });
      await inTurn(runs, rounds);
      const first = ways[0]?.rates ?? [];
      const row = {
        size,
        ways: ways.map(({ name, rates, costs }) => ({
          name,
          entriesPerSecond: median(rates),
          cpuSecondsPerMillion: median(costs),
          ratio: median(rates.map((rate, i) => rate / (first[i] ?? 0))),
        })),
      };
      rows.push(row);
      onRow(row);
    }
  } finally {
    await indexer.stop();
  }
  return rows;
}

/** A row for people. */
export function formatStreams({ size, ways }: StreamsRow): string {
  const cells = ways.map(
    ({ name, entriesPerSecond, cpuSecondsPerMillion, ratio }) =>
      `  ${`${name}:`.padEnd(29)}${(entriesPerSecond / 1e6).toFixed(2)} M/s (${ratio.toFixed(2)}) ` +
      `at ${cpuSecondsPerMillion.toFixed(2)} s a million`,
  );
  return [`lines of ${size} bytes:`, ...cells].join('\n');
}

/** Writes a file. Returns how many lines it has. */
function writeLines(path: string, entryBytes: number): number {
  const source = new EntrySource({
    seed: 1,
    entryBytes,
    tags: [0],
    source: 'random',
    startSeconds: 0,
    batch: DISTINCT_LINES,
    content: 'lines',
  });
  const block = Buffer.concat(
    Array.from({ length: DISTINCT_LINES }, (_, i) => [source.entry(i).data, LINE_END]).flat(),
  );
  const blocks = Math.ceil(FILE_BYTES / block.length);
  writeFileSync(path, Buffer.concat(Array<Buffer>(blocks).fill(block)));
  return blocks * DISTINCT_LINES;
}

/**
 * Ingests the file over and over. Returns entries a second up to the last confirmation, and processor
 * seconds for a million entries.
 */
async function measure(
  address: string,
  path: string,
  lines: number,
  write: (subject: Subject) => Promise<unknown>,
  duration: number,
): Promise<[rate: number, cost: number]> {
  await using muxer = new IngestMuxer({
    targets: [address],
    secret: SECRET,
    tags: [TAG],
    selfIngest: false,
  });
  muxer.start();
  await muxer.waitForHot({ timeout: 10_000 });
  const options = { tag: muxer.getTag(TAG), lines: true, finishWhen: 'accepted' } as const;
  const subject = { muxer, options, path, contents: readFileSync(path) };
  const cpuBefore = process.cpuUsage();
  const start = performance.now();
  let written = 0;
  for (; performance.now() - start < duration; written += lines) await write(subject);
  await muxer.sync();
  const seconds = (performance.now() - start) / 1000;
  const cpu = process.cpuUsage(cpuBefore);
  return [written / seconds, (cpu.user + cpu.system) / written];
}
