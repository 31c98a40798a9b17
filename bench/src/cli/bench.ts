import { statSync } from 'node:fs';
import { positiveDuration, wholeNumber } from '@ringest/indexer/command-line';
import { Command, InvalidArgumentError, Option } from 'commander';
import { addBalanceCommand } from '../balance/command.js';
import { leastBytes } from '../contents/content.js';
import { addGuardCommand } from '../guard/command.js';
import { benchFolder, type CacheRow, runCacheBench } from '../measurements/cache-bench.js';
import { type CeilingRow, runCeiling } from '../measurements/ceiling.js';
import { runCodec } from '../measurements/codec-bench.js';
import { type CompressionRow, runCompression } from '../measurements/compression.js';
import { formatHttp, runHttp } from '../measurements/http-bench.js';
import type { MuxerRunResult, Rounds } from '../measurements/muxer-run.js';
import { formatProducers, runProducers } from '../measurements/producers.js';
import { formatQueues, runQueues } from '../measurements/queues-bench.js';
import { formatRelay, runRelay } from '../measurements/relay-bench.js';
import { formatRings, runRings } from '../measurements/rings.js';
import { formatScaling, runScaling, SCALING_BY, type ScalingBy } from '../measurements/scaling.js';
import { formatStreams, runStreams } from '../measurements/streams-bench.js';
import { formatThreads, runThreads } from '../measurements/threads.js';
import { runTimes, type TimesRow } from '../measurements/times-bench.js';
import { runTransports, type TransportsRow } from '../measurements/transports.js';
import { WRITE_PATHS } from '../measurements/write-paths.js';
import { addNetworksCommand } from '../networks/command.js';
import type { BenchName, BenchResults } from '../report/bench/results.js';
import { circumstances } from '../report/circumstances.js';
import { addResultFlags, type ResultFlags, withResult } from '../report/result-flags.js';

/** `pnpm bench`: what things cost here. */
const program = new Command('bench').description('Measure parts of ringest on this machine');

addMeasurement(
  'ceiling',
  'the muxer beside one thread that writes frames made beforehand, in one run',
  async (rounds) => ({ sizes: await runCeiling(rounds, tellCeiling) }),
);
addMeasurement(
  'threads',
  'nanoseconds of each thread an entry, by way of writing (Linux)',
  async (options) => ({
    sizes: await runThreads(options, (row) => console.log(formatThreads(row))),
  }),
).addOption(entrySize());
addMeasurement(
  'producers',
  'producers in threads of their own beside a muxer that writes alone (Linux)',
  async (rounds) => ({
    rows: await runProducers(rounds, (row) => console.log(formatProducers(row))),
  }),
);
addMeasurement(
  'scaling',
  'what an entry costs as loads, entries, lanes and indexers grow (Linux)',
  async (options) => ({
    rows: await runScaling(options, (row) => console.log(formatScaling(row))),
  }),
).addOption(new Option('--by <what>', 'measure only how it grows with this').choices(SCALING_BY));
addMeasurement(
  'rings',
  'what small rings cost, by size of batches and entries',
  async (options) => ({ rows: await runRings(options, (row) => console.log(formatRings(row))) }),
).addOption(entrySize());
addMeasurement(
  'streams',
  'a file of lines into the muxer, through a line writer and through streams',
  async (rounds) => ({
    sizes: await runStreams(rounds, (row) => console.log(formatStreams(row))),
  }),
);
addMeasurement(
  'http',
  'a muxer beside a client that posts lines of 256 bytes by HTTP',
  async (rounds) => ({ rows: await runHttp(rounds, (row) => console.log(formatHttp(row))) }),
);
addMeasurement('compression', 'what snappy saves and costs, by kind of data', async (rounds) => ({
  rows: await runCompression(rounds, tellCompression),
}));
addMeasurement(
  'relay',
  'packed entries to an indexer, and to a relay before it (Linux)',
  async (rounds) => ({ sizes: await runRelay(rounds, (row) => console.log(formatRelay(row))) }),
);
addMeasurement(
  'queues',
  'messages of 256 bytes to a stream of NATS, and from there to an indexer (Linux, nats-server)',
  async (rounds) => ({ rows: await runQueues(rounds, (row) => console.log(formatQueues(row))) }),
);
addMeasurement('transports', 'TCP, TLS and Unix sockets beside each other', async (rounds) => ({
  sizes: await runTransports(rounds, tellTransports),
}));
addMeasurement(
  'cache',
  'the muxer with and without a cache, beside plain appends to the same disk',
  async ({ path, ...rounds }) => {
    using folder = benchFolder(path);
    console.log(`in ${folder.path}${folder.isInMemory ? ', which is in memory and no disk' : ''}`);
    return { sizes: await runCacheBench(rounds, folder.path, tellCache) };
  },
).option(
  '--path <folder>',
  'a folder on the disk that is measured (default: the one for temporary files)',
  existingFolder,
);
addMeasurement('times', 'finding the time in lines of 256 bytes', async (rounds) => ({
  rows: runTimes(rounds, tellTimes),
}));
addBalanceCommand(program);
addGuardCommand(program);
addNetworksCommand(program);
program.command('codec').description('encode and decode').action(runCodec);

try {
  await program.parseAsync();
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  process.exitCode = 1;
}

interface Options extends Rounds, ResultFlags {
  /** Of the cache's benchmark. */
  readonly path?: string;
  /** Of the one of scaling. */
  readonly by?: ScalingBy;
  /** Of those of threads and rings. */
  readonly entrySize?: number;
}

/** Adds a command that measures over several rounds. */
function addMeasurement<Name extends BenchName>(
  name: Name,
  description: string,
  measure: (options: Options) => Promise<BenchResults[Name]>,
): Command {
  const command = program
    .command(name)
    .description(description)
    .option('--rounds <n>', 'how often each is measured; medians count', wholeNumber(1, 100), 5)
    .option('--duration <time>', 'how long each goes on', positiveDuration, 1000);
  return addResultFlags(command).action(async (options: Options) => {
    await withResult(
      options,
      () => measure(options),
      async (result) => {
        const { benchPage } = await import('../report/bench/bench-page.js');
        return benchPage(name, description, result, circumstances());
      },
    );
  });
}

function entrySize(): Option {
  // The entries are lines with a number of ten digits.
  const parser = wholeNumber(leastBytes('lines'), 2 ** 20);
  return new Option('--entry-size <bytes>', 'measure this size alone').argParser(parser);
}

function existingFolder(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return path;
  throw new InvalidArgumentError('It must be a folder.');
}

function tellCeiling({ size, ceiling, ...rates }: CeilingRow): void {
  const share = (rate: number) => `${million(rate)} (${(rate / ceiling).toFixed(2)})`;
  const paths = WRITE_PATHS.map((path) => `${path} ${share(rates[path])}`);
  console.log(`${size} bytes: ceiling ${million(ceiling)}, ${paths.join(', ')}`);
}

function tellCompression({ content, size, plain, snappy }: CompressionRow): void {
  const ratio = snappy.entriesPerSecond / plain.entriesPerSecond;
  console.log(
    `${content}, ${size} bytes: ${(snappy.wireShare * 100).toFixed(1)}% of the bytes, ` +
      `${cost(plain)} plain, ${cost(snappy)} compressed (${ratio.toFixed(2)})`,
  );
}

function tellTransports({ size, ways }: TransportsRow): void {
  for (const way of ways) {
    console.log(`${size} bytes, ${way.name}: ${cost(way)} (${way.ratioToTcp.toFixed(2)} of tcp)`);
  }
}

function tellCache({ size, ways, disk, directDisk }: CacheRow): void {
  for (const way of ways) {
    const ratio = way.ratioToNoCache.toFixed(2);
    const cpuRatio = way.cpuRatioToNoCache.toFixed(2);
    console.log(`${size} bytes, ${way.name}: ${cost(way)} (${ratio} and ${cpuRatio} of no cache)`);
  }
  tellDisk(`${size} bytes, plain appends`, disk);
  tellDisk(`${size} bytes, plain appends past the page cache`, directDisk);
}

function tellDisk(name: string, disk: CacheRow['disk']): void {
  console.log(`${name}: ${disk.megabytesPerSecond.toFixed(0)} MB/s, as many as ${cost(disk)}`);
}

function tellTimes({ lines, options, found, nanosecondsPerLine, bytesPerLine }: TimesRow): void {
  const set = Object.entries(options).map(([name, value]) => `, ${name} ${value}`);
  const cost = `${nanosecondsPerLine.toFixed(0)} ns a line, ${bytesPerLine.toFixed(1)} bytes of heap`;
  console.log(`${lines}${set.join('')}: ${cost}, times in ${(found * 100).toFixed(0)}%`);
}

function cost({
  entriesPerSecond,
  cpuSecondsPerMillion,
}: Pick<MuxerRunResult, 'entriesPerSecond' | 'cpuSecondsPerMillion'>): string {
  return `${million(entriesPerSecond)} at ${cpuSecondsPerMillion.toFixed(2)} s a million`;
}

function million(rate: number): string {
  return `${(rate / 1e6).toFixed(2)} M/s`;
}
