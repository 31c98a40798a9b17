import { MAX_DATA_BYTES } from '@ringest/codec';
import { Command, Option } from 'commander';
import { MOST_SLOTS, SEQUENCE_BYTES } from './entry-source.js';
import { duration, integer } from './flags.js';

/** What a load is made of; see the flags. */
export interface LoadOptions {
  /** `tcp://host:port`; none: an embedded indexer. */
  readonly targets: readonly string[];
  readonly secret: string;
  readonly tagName: string;
  /** Entries, or as many as the duration allows. */
  readonly entryCount: number;
  /** Milliseconds. */
  readonly durationMs: number;
  readonly entryBytes: number;
  /** 0: one by one. */
  readonly batch: number;
  readonly workers: number | undefined;
  readonly connections: number;
  readonly ringBytes: number | undefined;
  /** Milliseconds to try for a first connection, and to go on while nothing is confirmed. */
  readonly timeoutMs: number;
  readonly seed: number;
  readonly digest: boolean;
  readonly status: boolean;
  readonly json: boolean;
}

/** Bytes of data that a batch may have. */
const MOST_BATCH_BYTES = 2 ** 30;

const DEFAULT_COUNT = 5_000_000;

interface Flags {
  clearConns?: string[];
  ingestSecret: string;
  tagName: string;
  entryCount?: number;
  duration?: number;
  entrySize: number;
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

/** Reads the command line; a flag that cannot be used ends the process with a message and status 1. */
export function parseLoadOptions(argv: readonly string[]): LoadOptions {
  const program = command().parse(argv);
  const flags = program.opts<Flags>();
  if (flags.batch * flags.entrySize > MOST_BATCH_BYTES) {
    program.error(
      `error: a batch would have over ${MOST_BATCH_BYTES} bytes: lower --batch or --entry-size`,
    );
  }
  return {
    targets: (flags.clearConns ?? []).map((address) => `tcp://${address}`),
    secret: flags.ingestSecret,
    tagName: flags.tagName,
    entryCount: flags.entryCount ?? (flags.duration === undefined ? DEFAULT_COUNT : 2 ** 32),
    durationMs: flags.duration ?? Number.POSITIVE_INFINITY,
    entryBytes: flags.entrySize,
    batch: flags.batch,
    workers: flags.workers,
    connections: flags.connections,
    ringBytes: flags.ringBytes,
    timeoutMs: flags.timeout,
    seed: flags.seed,
    digest: flags.digest,
    status: flags.status,
    json: flags.json,
  };
}

function command(): Command {
  return new Command('load')
    .description(
      'Write entries to indexers as fast as they confirm them, and say how fast that was',
    )
    .addOption(
      new Option(
        '--clear-conns <addresses>',
        'indexers, as host:port,…; none: an embedded one',
      ).argParser((text) => text.split(',').map((address) => address.trim())),
    )
    .option('--ingest-secret <secret>', 'the secret of the indexers', 'IngestSecrets')
    .option('--tag-name <name>', 'the tag of the entries', 'default')
    .option(
      '--entry-count <n>',
      `how many entries; without it and --duration, ${DEFAULT_COUNT}`,
      integer(1, 2 ** 32),
    )
    .option('--duration <time>', 'how long to write, such as 500ms, 60s or 2m', duration)
    .option(
      '--entry-size <bytes>',
      'bytes of data in each',
      integer(SEQUENCE_BYTES, MAX_DATA_BYTES),
      256,
    )
    .option('--batch <n>', 'entries to a writeBatch; 0: writeEntry', integer(0, MOST_SLOTS), 0)
    .option('--workers <n>', 'threads', integer(1, 1024))
    .option('--connections <n>', 'connections to each indexer', integer(1, 1024), 1)
    .option('--ring-bytes <bytes>', 'the size of each ring, a power of two', integer(1, 2 ** 30))
    .addOption(
      new Option('--timeout <time>', 'how long to try for a connection, or without confirmations')
        .argParser(duration)
        .default(10_000, '10s'),
    )
    .option('--seed <n>', 'what the contents are made from', integer(0, 2 ** 32), 1)
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
