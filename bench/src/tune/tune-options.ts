import { byteRate, duration, positiveDuration, wholeNumber } from '@ringest/indexer/command-line';
import { Command, InvalidArgumentError, Option } from 'commander';
import { MAX_SLOTS } from '../contents/choices.js';
import { CONTENTS, type Content, LINE_CONTENTS } from '../contents/content.js';
import { ADDRESSES, type Refusal, refusePairs } from '../load/flag-pairs.js';
import { addLoadFlags, type LoadOptions, readLoadOptions } from '../load/load-options.js';
import { parseRate } from '../load/load-pace.js';
import { addLoadTargetFlags, readLoadTargets } from '../load/load-targets.js';
import { addResultFlags, type ResultFlags } from '../report/result-flags.js';
import { type Choices, defaultChoices } from './configurations.js';
import type { Embedded } from './tune-indexers.js';
import { GOALS, type Goal, PATHS, type Path } from './tune-report.js';

/** What a tuner is to do; see the flags. */
export interface TuneOptions extends ResultFlags {
  readonly goal: Goal;
  /** All rounds are such loads, but for what is tuned. */
  readonly load: LoadOptions;
  readonly choices: Choices;
  /** Where there are no other targets. */
  readonly embedded: Embedded;
  /** Milliseconds for all of it. */
  readonly budgetMs: number;
  /** Milliseconds of writing in a round. */
  readonly roundMs: number;
  readonly seed: number;
}

interface Flags extends ResultFlags {
  goal: Goal;
  rate?: string;
  entrySize: number;
  content: Content;
  tagName: string;
  workers?: number[];
  connections?: number[];
  ringBytes?: number[];
  path?: Path[];
  batch?: number[];
  indexers: number;
  ackDelay: number;
  readRate: number;
  budget: number;
  round: number;
  timeout: number;
  seed: number;
}

const REFUSALS: readonly Refusal[] = ['indexers', 'ackDelay', 'readRate'].map((flag) => ({
  flag,
  others: ADDRESSES,
  why: 'it says what embedded indexers are like, and with the addresses of others there are none',
}));

/** Entries of a round with a pace; a quarter of them is not measured. */
const LEAST_ENTRIES = 400;

/** Those of the muxer, which would be loaded for them with each start of a command line. */
const MIN_RING_BYTES = 2 ** 16;
const MAX_RING_BYTES = 2 ** 30;

const MAX_SEED = 2 ** 31 - 1;

/**
 * Reads the command line; a flag that cannot be used ends the process with a message and status 1.
 * @param env where the secret is looked for when no flag gives it
 * @param processors of the machine
 */
export function parseTuneOptions(
  argv: readonly string[],
  env: NodeJS.ProcessEnv,
  processors: number,
): TuneOptions {
  return readTuneOptions(addTuneFlags(new Command('tune')).parse(argv), env, processors);
}

/**
 * Reads the flags of a command that is parsed. A flag that cannot be used ends the command.
 * @param env where the secret is looked for when no flag gives it
 * @param processors of the machine
 */
export function readTuneOptions(
  program: Command,
  env: NodeJS.ProcessEnv,
  processors: number,
): TuneOptions {
  refusePairs(program, REFUSALS);
  const flags = program.opts<Flags>();
  checkRate(program, flags);
  const choices = readChoices(program, flags, processors);
  const load = { ...readLoad(program, flags, choices), ...readLoadTargets(program, env) };
  checkEntries(program, load);
  return {
    goal: flags.goal,
    load,
    choices,
    embedded: {
      indexers: flags.indexers,
      ackDelayMs: flags.ackDelay,
      readRate: flags.readRate,
    },
    budgetMs: flags.budget,
    roundMs: flags.round,
    seed: flags.seed,
    json: flags.json,
    ...(flags.report !== undefined && { report: flags.report }),
  };
}

/** What a load would do with these flags, whose checks they pass with that. */
function readLoad(program: Command, flags: Flags, { batches }: Choices): LoadOptions {
  const { entrySize, content, tagName, round, timeout, seed, rate } = flags;
  const given = {
    ...{ 'entry-size': entrySize, content, 'tag-name': tagName, seed },
    ...{ duration: `${round}ms`, timeout: `${timeout}ms`, batch: Math.max(...batches) },
    ...(rate === undefined ? {} : { rate }),
  };
  const argv = Object.entries(given).map(([name, value]) => `--${name}=${value}`);
  // It ends as the tuner would.
  const command = addLoadFlags(new Command('tune').copyInheritedSettings(program));
  return readLoadOptions(command.parse(argv, { from: 'user' }), {});
}

function readChoices(program: Command, flags: Flags, processors: number): Choices {
  const defaults = defaultChoices({ processors });
  const isOfLines = LINE_CONTENTS.includes(flags.content);
  const isTagOne = !flags.tagName.includes(',');
  const possible = isOfLines ? defaults.paths : defaults.paths.filter((path) => path !== 'lines');
  const paths = flags.path ?? possible;
  if (!isTagOne)
    program.error('error: --tag-name takes one tag: what is tuned is how it is written');
  if (paths.includes('lines') && !isOfLines) {
    program.error(
      `error: --path lines writes text of which each line is an entry, and --content ${flags.content} ` +
        `is none: give one of ${LINE_CONTENTS.join(', ')}`,
    );
  }
  if (flags.batch !== undefined && !paths.includes('batch')) {
    program.error(
      'error: --batch says how many entries a writeBatch has, and --path has no batch: add it there',
    );
  }
  return {
    workers: flags.workers ?? defaults.workers,
    connections: flags.connections ?? defaults.connections,
    ringBytes: flags.ringBytes ?? defaults.ringBytes,
    paths,
    batches: flags.batch ?? defaults.batches,
  };
}

function checkRate(program: Command, { goal, rate }: Flags): void {
  if (goal === 'cost' && rate === undefined) {
    program.error(
      'error: --goal cost takes a --rate: at full speed, latency is how long a queue is',
    );
  }
  if (goal === 'throughput' && rate !== undefined) {
    program.error(
      'error: --rate cannot be used with --goal throughput: no configuration could write more than ' +
        'that. Give --goal cost',
    );
  }
}

/** A percentile of too few entries is the slowest of them. */
function checkEntries(program: Command, { pace, entryCount }: LoadOptions): void {
  if (pace === undefined || entryCount >= LEAST_ENTRIES) return;
  program.error(
    `error: a --round has ${entryCount} entries at this --rate, and a latency that 99% do not exceed ` +
      `takes ${LEAST_ENTRIES}: give a longer --round`,
  );
}

/** Gives a command its description, and the flags that {@link readTuneOptions} reads. */
export function addTuneFlags(program: Command): Command {
  program.description(
    'Find the configuration that serves this machine and these indexers best, and say how sure that ' +
      'is: short loads, one after the other, of which the better half goes on to longer ones',
  );
  addGoalFlags(program);
  addChoiceFlags(program);
  return addLoadTargetFlags(program)
    .option('--indexers <n>', 'how many embedded indexers', wholeNumber(1, 64), 1)
    .addOption(
      new Option('--ack-delay <time>', 'embedded indexers confirm later by so much, such as 20ms')
        .argParser(duration)
        .default(0, '0ms'),
    )
    .addOption(
      new Option(
        '--read-rate <bytes>',
        'embedded indexers read no more than this a second from each connection, such as 20MB',
      )
        .argParser(byteRate)
        .default(0, 'as much as they can'),
    )
    .addOption(
      new Option('--timeout <time>', 'how long to try for a connection, or without confirmations')
        .argParser(positiveDuration)
        .default(10_000, '10s'),
    )
    .helpOption('--help', 'show this')
    .allowExcessArguments(false)
    .showHelpAfterError('(--help lists the flags)');
}

function addGoalFlags(program: Command): void {
  program
    .addOption(
      new Option(
        '--goal <goal>',
        'most entries a second, or least processor time and latency at a --rate',
      )
        .choices(GOALS)
        .default('throughput'),
    )
    .addOption(
      new Option('--rate <rate>', 'for --goal cost, such as 50000/s or 80Mbit/s').argParser(
        (text) => {
          parseRate(text);
          return text;
        },
      ),
    )
    .addOption(
      new Option('--budget <time>', 'how long all of it may take')
        .argParser(positiveDuration)
        .default(120_000, '2m'),
    )
    .addOption(
      new Option('--round <time>', 'how long each load writes; the first quarter is not measured')
        .argParser(positiveDuration)
        .default(600, '600ms'),
    )
    .option('--seed <n>', 'of all random choices', wholeNumber(0, MAX_SEED), 1)
    .option('--entry-size <bytes>', 'bytes of data in each entry', wholeNumber(1, 2 ** 30), 256)
    .addOption(
      new Option('--content <kind>', 'what the data is like, as load has it')
        .choices(CONTENTS)
        .default('lines'),
    )
    .option('--tag-name <name>', 'the tag', 'default');
  addResultFlags(program);
}

function addChoiceFlags(program: Command): void {
  program
    .optionsGroup('To choose from; the first of each are what the others are compared with:')
    .option(
      '--workers <list>',
      'threads (default: as many as processors, and fewer)',
      listOf(wholeNumber(1, 1024)),
    )
    .option(
      '--connections <list>',
      'connections to each indexer (default: 1,2,4,8)',
      listOf(wholeNumber(1, 1024)),
    )
    .option(
      '--ring-bytes <list>',
      'the size of each ring (default: 16MiB,1MiB,4MiB,64MiB)',
      listOf(ringBytes),
    )
    .option(
      '--path <list>',
      'entry: writeEntry; batch: writeBatch; lines: a line writer (default: entry,batch,lines; without ' +
        'lines for --content that is none)',
      listOf(path),
    )
    .option(
      '--batch <list>',
      'entries to a writeBatch (default: 1024,64)',
      listOf(wholeNumber(1, MAX_SLOTS)),
    )
    .optionsGroup('Indexers:');
}

function listOf<Item>(parse: (text: string) => Item): (text: string) => Item[] {
  return (text) => text.split(',').map((item) => parse(item.trim()));
}

function path(text: string): Path {
  const found = PATHS.find((name) => name === text);
  if (found !== undefined) return found;
  throw new InvalidArgumentError(`It must be of ${PATHS.join(', ')}.`);
}

const UNITS: ReadonlyMap<string | undefined, number> = new Map([
  [undefined, 1],
  ['KiB', 2 ** 10],
  ['MiB', 2 ** 20],
  ['GiB', 2 ** 30],
]);

/** A power of two, such as `65536`, `64KiB` or `4MiB`. */
function ringBytes(text: string): number {
  const [, digits, unit] = /^(\d+)([KMG]iB)?$/.exec(text) ?? [];
  const bytes = Number(digits) * (UNITS.get(unit) ?? 1);
  const isPossible = bytes >= MIN_RING_BYTES && bytes <= MAX_RING_BYTES;
  if (isPossible && Number.isInteger(Math.log2(bytes))) return bytes;
  throw new InvalidArgumentError('It must be powers of two from 64KiB to 1GiB.');
}
