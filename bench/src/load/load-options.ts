import { type CacheChoice, readCache } from '@ringest/flags';
import { positiveDuration, wholeNumber } from '@ringest/indexer/command-line';
import { Command, Option } from 'commander';
import { DIGESTS, type DigestKind } from '../contents/choices.js';
import { addResultFlags, type ResultFlags } from '../report/result-flags.js';
import type { Transport } from '../shared/indexer-messages.js';
import { refusePairs } from './flag-pairs.js';
import { addLoadCacheFlags, readKillEvery } from './load-cache.js';
import { addEntryFlags, type LoadEntries, readEntries } from './load-entries.js';
import { addPaceFlags, readPace } from './load-pace.js';
import { addLoadTargetFlags, type LoadTargets, readLoadTargets } from './load-targets.js';
import { type Pace, Schedule } from './pace.js';
import { parseRequirement, type Requirement } from './requirements.js';

/** What a load is made of; see the flags. */
export interface LoadOptions extends LoadTargets, LoadEntries, ResultFlags {
  /** Entries, or as many as the duration allows. */
  readonly entryCount: number;
  /** Milliseconds. */
  readonly durationMs: number;
  /** `undefined`: as fast as entries are confirmed. */
  readonly pace: Pace | undefined;
  /** Entries that are due before so many milliseconds do not count into the latency; 0: all count. */
  readonly latencyFromMs: number;
  readonly requirements: readonly Requirement[];
  readonly workers: number | undefined;
  readonly connections: number;
  readonly ringBytes: number | undefined;
  readonly cache: CacheChoice | undefined;
  /** Milliseconds between kills of the ingester, on average; `undefined`: it is not killed. */
  readonly killEveryMs: number | undefined;
  /** Embedded indexers to which faults come; `undefined`: there are none. */
  readonly chaos: number | undefined;
  /** Milliseconds to try for a first connection, and to go on while nothing is confirmed. */
  readonly timeoutMs: number;
  readonly digest: DigestKind | false;
  readonly status: boolean;
}

/** What a load is made of whose ingester is killed. */
export interface KillOptions extends LoadOptions {
  readonly cache: CacheChoice;
  readonly killEveryMs: number;
}

export function hasKills(options: LoadOptions): options is KillOptions {
  return options.cache !== undefined && options.killEveryMs !== undefined;
}

const DEFAULT_COUNT = 5_000_000;
const MAX_COUNT = 2 ** 32;
const DEFAULT_CHAOS = 3;
const DEFAULT_CHAOS_MS = 10_000;
/** How long a load with a pace is. */
const DEFAULT_PACED_MS = 10_000;

interface Flags extends ResultFlags {
  entryCount?: number;
  duration?: number;
  require: Requirement[];
  transport: Transport;
  workers?: number;
  connections: number;
  ringBytes?: number;
  chaos?: number | true;
  timeout: number;
  digest?: DigestKind | true;
  status: boolean;
}

/**
 * Reads the command line; a flag that cannot be used ends the process with a message and status 1.
 * @param env where the secret is looked for when no flag gives it
 */
export function parseLoadOptions(
  argv: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): LoadOptions {
  return readLoadOptions(addLoadFlags(new Command('load')).parse(argv), env);
}

/**
 * Reads the flags of a command that is parsed. A flag that cannot be used ends the command.
 * @param env where the secret is looked for when no flag gives it
 */
export function readLoadOptions(program: Command, env: NodeJS.ProcessEnv): LoadOptions {
  refusePairs(program);
  const flags = program.opts<Flags>();
  const pace = readPace(program);
  checkRequirements(program, flags, pace);
  checkChaos(program, flags);
  const length = readLength(flags, pace);
  const entries = readEntries(
    program,
    Number.isFinite(length.durationMs) ? undefined : length.entryCount,
  );
  const cache = readCache(program);
  const targets = readLoadTargets(program, env);
  return {
    ...targets,
    ...entries,
    ...length,
    pace,
    latencyFromMs: 0,
    requirements: flags.require,
    workers: flags.workers,
    connections: flags.connections,
    ringBytes: flags.ringBytes,
    cache,
    killEveryMs: readKillEvery(program, cache),
    chaos: flags.chaos === true ? DEFAULT_CHAOS : flags.chaos,
    timeoutMs: flags.timeout,
    digest: readDigest(program, flags, targets),
    status: flags.status,
    json: flags.json,
    ...(flags.report !== undefined && { report: flags.report }),
  };
}

/** How much is written. With a pace, it is known beforehand how many entries a duration has. */
function readLength(
  { entryCount, duration: givenDuration, chaos }: Flags,
  pace: Pace | undefined,
): Pick<LoadOptions, 'entryCount' | 'durationMs'> {
  const isOpen = entryCount === undefined && givenDuration === undefined;
  const duration = isOpen && chaos !== undefined ? DEFAULT_CHAOS_MS : givenDuration;
  if (pace !== undefined && (duration !== undefined || entryCount === undefined)) {
    const due = new Schedule(pace).dueBefore(duration ?? (pace.rampMs || DEFAULT_PACED_MS));
    return {
      entryCount: Math.min(due, entryCount ?? MAX_COUNT),
      durationMs: Number.POSITIVE_INFINITY,
    };
  }
  return {
    entryCount: entryCount ?? (duration === undefined ? DEFAULT_COUNT : MAX_COUNT),
    durationMs: duration ?? Number.POSITIVE_INFINITY,
  };
}

function checkChaos(program: Command, flags: Flags): void {
  if (flags.chaos === undefined) return;
  const { transport } = flags;
  if (process.platform === 'win32') {
    program.error('error: --chaos stops processes by SIGSTOP, which Windows does not have');
  }
  if (transport !== 'tcp') {
    program.error(
      `error: --chaos has indexers that come back at the same port, by TCP: --transport ${transport} ` +
        'has none',
    );
  }
}

function readDigest(
  program: Command,
  { digest }: Flags,
  { targets }: LoadTargets,
): DigestKind | false {
  if (digest === true) return targets.length > 0 ? 'sha256' : 'fast';
  if (digest === 'fast' && targets.length > 0) {
    program.error(
      'error: --digest fast is known to the embedded indexer only: give --digest sha256, which ' +
        'ringest-indexer and others can compute',
    );
  }
  return digest ?? false;
}

function checkRequirements(program: Command, { require }: Flags, pace: Pace | undefined): void {
  const latency = require.find(({ metric }) => metric.kind === 'latency');
  if (latency !== undefined && pace === undefined) {
    program.error(
      `error: --require '${latency.text}' is about a latency, which at full speed is only how long ` +
        'the queue is: give a --rate or a --ramp',
    );
  }
}

/** Gives a command its description, and the flags that {@link readLoadOptions} reads. */
export function addLoadFlags(program: Command): Command {
  program.description(
    'Write entries to indexers, or to an embedded one, as fast as they confirm them, and say how fast that was',
  );
  addPaceFlags(addEntryFlags(addLoadCacheFlags(addLoadTargetFlags(program))))
    .option(
      '--entry-count <n>',
      `how many entries; without it and --duration, ${DEFAULT_COUNT}, or what is due in 10 s or in the ramp`,
      wholeNumber(1, MAX_COUNT),
    )
    .option(
      '--duration <time>',
      'how long to write, such as 500ms, 60s or 2m; with a rate, what is due in that time',
      positiveDuration,
    )
    .addOption(
      new Option(
        '--require <what>',
        "what must hold, or the status is 1, such as 'p99<50ms', 'max<1s' or 'rate>1M/s'; may be " +
          'repeated',
      )
        .argParser((text, others: readonly Requirement[]) => [...others, parseRequirement(text)])
        .default([], 'nothing'),
    )
    .addOption(
      new Option(
        '--chaos [n]',
        'so many embedded indexers (without a number: 3), which are killed, stopped, slowed and ' +
          'throttled while it runs, by a plan that follows from --seed; for 10 s unless something ' +
          'else is said',
      ).argParser(wholeNumber(2, 16)),
    )
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
    .addOption(
      new Option(
        '--digest [kind]',
        'a digest of the contents, which the embedded indexer compares to the byte; sha256, which ' +
          'other indexers have, costs them half a microsecond an entry (without a kind: fast, or ' +
          'sha256 for other indexers)',
      ).choices(DIGESTS),
    )
    .option('--status', 'show how it goes: a screen on a terminal, else a line a second', false);
  return addResultFlags(program)
    .helpOption('--help', 'show this')
    .allowExcessArguments(false)
    .showHelpAfterError('(--help lists the flags)');
}
