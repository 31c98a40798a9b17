import { positiveDuration, wholeNumber } from '@ringest/indexer/command-line';
import { Command, Option } from 'commander';
import { MAX_MIXED } from '../contents/content.js';
import { MAX_SLOTS } from '../contents/entry-source.js';
import { addCacheFlags, type LoadCache, readCache, readKillEvery } from './load-cache.js';
import { addEntryFlags, type LoadEntries, readEntries } from './load-entries.js';
import { addTargetFlags, type LoadTargets, readTargets } from './load-targets.js';

/** What a load is made of; see the flags. */
export interface LoadOptions extends LoadTargets, LoadEntries {
  /** Entries, or as many as the duration allows. */
  readonly entryCount: number;
  /** Milliseconds. */
  readonly durationMs: number;
  /** 0: one by one. */
  readonly batch: number;
  readonly workers: number | undefined;
  readonly connections: number;
  readonly ringBytes: number | undefined;
  readonly cache: LoadCache | undefined;
  /** Milliseconds between kills of the ingester, on average; `undefined`: it is not killed. */
  readonly killEveryMs: number | undefined;
  /** Milliseconds to try for a first connection, and to go on while nothing is confirmed. */
  readonly timeoutMs: number;
  readonly digest: boolean;
  readonly status: boolean;
  readonly json: boolean;
}

/** What a load is made of whose ingester is killed. */
export interface KillOptions extends LoadOptions {
  readonly cache: LoadCache;
  readonly killEveryMs: number;
}

export function hasKills(options: LoadOptions): options is KillOptions {
  return options.cache !== undefined && options.killEveryMs !== undefined;
}

/** Bytes of data that a batch may have. */
const MAX_BATCH_BYTES = 2 ** 30;

const DEFAULT_COUNT = 5_000_000;

interface Flags {
  entryCount?: number;
  duration?: number;
  batch: number;
  workers?: number;
  connections: number;
  ringBytes?: number;
  timeout: number;
  digest: boolean;
  status: boolean;
  json: boolean;
}

/**
 * Reads the command line; a flag that cannot be used ends the process with a message and status 1.
 * @param env where the secret is looked for when no flag gives it
 */
export function parseLoadOptions(
  argv: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): LoadOptions {
  const program = command().parse(argv);
  const flags = program.opts<Flags>();
  const entryCount = flags.entryCount ?? (flags.duration === undefined ? DEFAULT_COUNT : undefined);
  const entries = readEntries(program, entryCount);
  const longest = entries.entryBytes * (entries.content === 'mixed' ? MAX_MIXED : 1);
  if (flags.batch * longest > MAX_BATCH_BYTES) {
    program.error(
      `error: a batch could have over ${MAX_BATCH_BYTES} bytes: lower --batch or --entry-size`,
    );
  }
  const cache = readCache(program);
  return {
    ...readTargets(program, env),
    ...entries,
    entryCount: entryCount ?? 2 ** 32,
    durationMs: flags.duration ?? Number.POSITIVE_INFINITY,
    batch: flags.batch,
    workers: flags.workers,
    connections: flags.connections,
    ringBytes: flags.ringBytes,
    cache,
    killEveryMs: readKillEvery(program, cache),
    timeoutMs: flags.timeout,
    digest: flags.digest,
    status: flags.status,
    json: flags.json,
  };
}

function command(): Command {
  const program = new Command('load').description(
    'Write entries to indexers, or to an embedded one, as fast as they confirm them, and say how fast that was',
  );
  return addEntryFlags(addCacheFlags(addTargetFlags(program)))
    .option(
      '--entry-count <n>',
      `how many entries; without it and --duration, ${DEFAULT_COUNT}`,
      wholeNumber(1, 2 ** 32),
    )
    .option('--duration <time>', 'how long to write, such as 500ms, 60s or 2m', positiveDuration)
    .option('--batch <n>', 'entries to a writeBatch; 0: writeEntry', wholeNumber(0, MAX_SLOTS), 0)
    .option('--workers <n>', 'threads', wholeNumber(1, 1024))
    .option('--connections <n>', 'connections to each indexer', wholeNumber(1, 1024), 1)
    .option(
      '--ring-bytes <bytes>',
      'the size of each ring, a power of two',
      wholeNumber(1, 2 ** 30),
    )
    .addOption(
      new Option('--timeout <time>', 'how long to try for a connection, or without confirmations')
        .argParser(positiveDuration)
        .default(10_000, '10s'),
    )
    .option(
      '--digest',
      'a digest of the contents; the embedded indexer compares, at a microsecond each',
      false,
    )
    .option('--status', 'show progress on the terminal', false)
    .option('--json', 'end with a JSON object on the last line', false)
    .helpOption('--help', 'show this')
    .allowExcessArguments(false)
    .showHelpAfterError('(--help lists the flags)');
}
