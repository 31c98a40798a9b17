import { MAX_DATA_BYTES, RingestError, Source } from '@ringest/codec';
import { positiveDuration, wholeNumber } from '@ringest/indexer/command-line';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { MAX_SLOTS } from '../contents/choices.js';
import {
  CONTENTS,
  type Content,
  LINE_CONTENTS,
  leastBytes,
  MAX_MIXED,
} from '../contents/content.js';

/** What the entries of a load are like; see the flags. */
export interface LoadEntries {
  /** At least one; each entry has the next one. */
  readonly tagNames: readonly string[];
  readonly entryBytes: number;
  readonly content: Content;
  /** Entries to a `writeBatch`; 0: `writeEntry`. */
  readonly batch: number;
  /** They are written as lines, by a line writer. */
  readonly inLines: boolean;
  /** An address; `random`: many; `undefined`: the one of this host. */
  readonly source: string | 'random' | undefined;
  /** Unix seconds; `undefined`: now. */
  readonly startTime: number | undefined;
  /** Milliseconds over which timestamps are spread; `undefined`: they are a microsecond apart. */
  readonly timeSpanMs: number | undefined;
  /** Milliseconds by which a timestamp may be too early. */
  readonly disorderMs: number;
  readonly seed: number;
}

interface EntryFlags {
  tagName: string[];
  entrySize: number;
  content: Content;
  batch: number;
  lines: boolean;
  source?: string;
  randomSource: boolean;
  startTime?: number;
  timeSpan?: number;
  disorder: number;
  seed: number;
}

const list = (text: string) => text.split(',').map((name) => name.trim());

/** Bytes of data that a batch may have. */
const MAX_BATCH_BYTES = 2 ** 30;

/** Adds the flags that {@link readEntries} reads. */
export function addEntryFlags(program: Command): Command {
  return program
    .addOption(
      new Option('--tag-name <names>', 'tags, which entries have in turn: name,…')
        .argParser(list)
        .default(['default'], 'default'),
    )
    .option(
      '--entry-size <bytes>',
      'bytes of data in each, on average with --content mixed',
      wholeNumber(1, MAX_DATA_BYTES),
      256,
    )
    .addOption(
      new Option(
        '--content <kind>',
        'what the data is like: random bytes; text, as much of a log as there is room for; a line ' +
          'of a log; a message of RFC 5424; an object of JSON; a record of CSV; a line beside ' +
          'enumerated values; lines of mixed sizes',
      )
        .choices(CONTENTS)
        .default('random'),
    )
    .option('--batch <n>', 'entries to a writeBatch; 0: writeEntry', wholeNumber(0, MAX_SLOTS), 0)
    .option(
      '--lines',
      'write lines, 64 KiB at a time, of which a line writer makes entries; all have one time',
      false,
    )
    .option('--source <address>', 'where entries come from (default: here)', address)
    .option('--random-source', 'they come from many addresses, of IPv4 and of IPv6', false)
    .option(
      '--start-time <time>',
      'the timestamp of the first entry, such as 2026-11-22T00:00:00Z, or Unix seconds (default: now)',
      wholeSeconds,
    )
    .option(
      '--time-span <time>',
      "spread the timestamps of --entry-count entries evenly over so long, as Gravwell's " +
        'generators do with -duration; without it they are a microsecond apart',
      positiveDuration,
    )
    .addOption(
      new Option('--disorder <time>', 'put timestamps out of order: each up to so much earlier')
        .argParser(positiveDuration)
        .default(0, 'in order'),
    )
    .option('--seed <n>', 'what the contents are made from', wholeNumber(0, 2 ** 32), 1);
}

/**
 * Reads these flags of a command that is parsed. A flag that cannot be used ends the process.
 * @param entryCount as it was given
 */
export function readEntries(program: Command, entryCount: number | undefined): LoadEntries {
  const flags = program.opts<EntryFlags>();
  const { entrySize, timeSpan } = flags;
  const content = readContent(program, flags);
  if (flags.lines && flags.tagName.length > 1) {
    program.error(
      'error: --lines takes one --tag-name: a line writer gives all of its lines one tag',
    );
  }
  const longest = entrySize * (content === 'mixed' ? MAX_MIXED : 1);
  if (flags.batch * longest > MAX_BATCH_BYTES) {
    program.error(
      `error: a batch could have over ${MAX_BATCH_BYTES} bytes: lower --batch or --entry-size`,
    );
  }
  const least = leastBytes(content);
  if (entrySize < least) {
    program.error(
      `error: --entry-size must be ${least} or more with --content ${content}: less has no room ` +
        'for the sequence number, by which entries are counted',
    );
  }
  if (content === 'mixed' && entrySize * MAX_MIXED > MAX_DATA_BYTES) {
    program.error(
      `error: --content mixed has entries of ${MAX_MIXED} times --entry-size, which may have ` +
        `${MAX_DATA_BYTES} bytes at most: lower --entry-size`,
    );
  }
  if (timeSpan !== undefined && entryCount === undefined) {
    program.error(
      'error: --time-span is divided by the number of entries, which is not known before the end ' +
        'of --duration: give an --entry-count',
    );
  }
  return {
    tagNames: flags.tagName,
    entryBytes: entrySize,
    content,
    batch: flags.batch,
    inLines: flags.lines,
    source: flags.randomSource ? 'random' : flags.source,
    startTime: flags.startTime,
    timeSpanMs: timeSpan,
    disorderMs: flags.disorder,
    seed: flags.seed,
  };
}

/** Lines of a log, where lines are written and nothing else is asked for. */
function readContent(program: Command, { content, lines }: EntryFlags): Content {
  if (lines && program.getOptionValueSource('content') === 'default') return 'lines';
  if (!lines || LINE_CONTENTS.includes(content)) return content;
  return program.error(
    `error: --lines writes text of which each line is an entry, and --content ${content} is none: ` +
      `give one of ${LINE_CONTENTS.join(', ')}`,
  );
}

function address(text: string): string {
  try {
    Source.parse(text);
    return text;
  } catch (error) {
    if (!(error instanceof RingestError)) throw error;
    throw new InvalidArgumentError('It must be an IPv4 or IPv6 address.');
  }
}

/** Unix seconds, of themselves or of a date. */
function wholeSeconds(text: string): number {
  const isDate = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d)?(Z|[+-]\d\d:\d\d))?$/.test(text);
  const seconds = isDate ? Date.parse(text) / 1000 : Number(text);
  if (Number.isSafeInteger(seconds) && text.trim() !== '') return seconds;
  throw new InvalidArgumentError(
    'It must be a date such as 2026-11-22T00:00:00Z, to the second, or a number of Unix seconds.',
  );
}
