import { MAX_DATA_BYTES } from '@ringest/codec';
import { positiveDuration, wholeNumber } from '@ringest/indexer/command-line';
import { Command, Option } from 'commander';
import { CONTENTS, type Content } from '../shared/content.js';
import { MAX_SLOTS, SEQUENCE_BYTES } from '../shared/entry-source.js';
import { addCacheFlags, type LoadCache, readCache, readKillEvery } from './load-cache.js';
import { addTargetFlags, type LoadTargets, readTargets } from './load-targets.js';

/** What a load is made of; see the flags. */
export interface LoadOptions extends LoadTargets {
  readonly tagName: string;
  /** Entries, or as many as the duration allows. */
  readonly entryCount: number;
  /** Milliseconds. */
  readonly durationMs: number;
  readonly entryBytes: number;
  readonly content: Content;
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
  readonly seed: number;
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
  tagName: string;
  entryCount?: number;
  duration?: number;
  entrySize: number;
  content: Content;
  batch: number;
  workers?: number;
  connections: number;
  ringBytes?: number;
  timeout: number;
  seed: number;
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
  if (flags.batch * flags.entrySize > MAX_BATCH_BYTES) {
    program.error(
      `error: a batch would have over ${MAX_BATCH_BYTES} bytes: lower --batch or --entry-size`,
    );
  }
  const cache = readCache(program);
  return {
    ...readTargets(program, env),
    tagName: flags.tagName,
    entryCount: flags.entryCount ?? (flags.duration === undefined ? DEFAULT_COUNT : 2 ** 32),
    durationMs: flags.duration ?? Number.POSITIVE_INFINITY,
    entryBytes: flags.entrySize,
    content: flags.content,
    batch: flags.batch,
    workers: flags.workers,
    connections: flags.connections,
    ringBytes: flags.ringBytes,
    cache,
    killEveryMs: readKillEvery(program, cache),
    timeoutMs: flags.timeout,
    seed: flags.seed,
    digest: flags.digest,
    status: flags.status,
    json: flags.json,
  };
}

function command(): Command {
  const program = new Command('load').description(
    'Write entries to indexers, or to an embedded one, as fast as they confirm them, and say how fast that was',
  );
  return addCacheFlags(addTargetFlags(program))
    .option('--tag-name <name>', 'the tag of the entries', 'default')
    .option(
      '--entry-count <n>',
      `how many entries; without it and --duration, ${DEFAULT_COUNT}`,
      wholeNumber(1, 2 ** 32),
    )
    .option('--duration <time>', 'how long to write, such as 500ms, 60s or 2m', positiveDuration)
    .option(
      '--entry-size <bytes>',
      'bytes of data in each',
      wholeNumber(SEQUENCE_BYTES, MAX_DATA_BYTES),
      256,
    )
    .addOption(
      new Option('--content <kind>', 'what the data is like').choices(CONTENTS).default('random'),
    )
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
    .option('--seed <n>', 'what the contents are made from', wholeNumber(0, 2 ** 32), 1)
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
