import { wholeNumber } from '@ringest/indexer/command-line';
import { type Command, Option } from 'commander';
import type { EntryOptions, Framing } from '../entries/entry-streams.js';
import { address, bytesOfText, expression } from './flag-values.js';

const FORMATS = ['lines', 'json', 'messagepack', 'whole'] as const;

interface EntryFlags {
  tag: string;
  source?: string;
  format: (typeof FORMATS)[number];
  delimiter?: Uint8Array;
  beginDelimiter?: Uint8Array;
  recordStart?: RegExp;
  maxLineBytes: number;
  timeField?: string;
  tagField?: string;
  sourceField?: string;
  dataField?: string;
  ignoreTimestamps: boolean;
  timeFormat?: string;
  assumeTimeZone?: string;
  timestampLeftMost: boolean;
}

const MAX_LINE_BYTES = 1024 * 1024 * 1024;
const DEFAULT_LINE_BYTES = 1024 * 1024;

/** Adds the flags that {@link readEntries} reads. */
export function addEntryFlags(command: Command): void {
  command
    .option('--tag <name>', 'the tag of the entries', 'default')
    .option(
      '--source <address>',
      'the source of the entries (default: that of the connection)',
      address,
    )
    .optionsGroup('What becomes an entry:')
    .addOption(
      new Option(
        '--format <format>',
        'what the input is made of: lines, lines with JSON, values in MessagePack, or one entry each',
      )
        .choices(FORMATS)
        .default('lines'),
    )
    .option(
      '--delimiter <text>',
      'what ends an entry instead of a line feed; \\n, \\r, \\t, \\0 and \\xHH stand for bytes',
      bytesOfText,
    )
    .option('--begin-delimiter <text>', 'what begins an entry, and is a part of it', bytesOfText)
    .option(
      '--record-start <regex>',
      'an entry begins at each line that matches, and has the lines up to the next one',
      expression,
    )
    .addOption(
      new Option('--max-line-bytes <bytes>', 'longer ones become several entries')
        .argParser(wholeNumber(1, MAX_LINE_BYTES))
        .default(DEFAULT_LINE_BYTES, '1048576; with --to, 1000000'),
    )
    .option('--time-field <name>', 'of JSON and MessagePack: the field with the time')
    .option('--tag-field <name>', 'of JSON and MessagePack: the field with the tag')
    .option('--source-field <name>', 'of JSON and MessagePack: the field with the source')
    .option('--data-field <name>', 'of JSON and MessagePack: the field that becomes the data')
    .optionsGroup('When an entry was:')
    .option('--ignore-timestamps', 'it was when it was read, whatever times are in it', false)
    .option('--time-format <name>', 'look for times of this format alone, such as RFC3339')
    .option(
      '--assume-time-zone <zone>',
      'of times without a zone, such as Europe/Paris, +05:30 or local (default: UTC)',
    )
    .option('--timestamp-left-most', 'take the first time of an entry, whatever its format', false);
}

/**
 * Reads these flags of a command that is parsed. A flag without use ends the command.
 * @param maxBytes the default of `--max-line-bytes`, if it is another one
 */
export function readEntries(
  command: Command,
  maxBytes?: number,
): Omit<EntryOptions, 'steps' | 'onStepError'> {
  const flags = command.opts<EntryFlags>();
  const { timeField: time, tagField: tag, sourceField: source, dataField: data } = flags;
  const framing = readFraming(command, flags);
  const fields = { time, tag, source, data };
  const isDefault = command.getOptionValueSource('maxLineBytes') === 'default';
  const isObject = framing.kind === 'json' || framing.kind === 'messagepack';
  const field = Object.entries(fields).find(([, name]) => name !== undefined)?.[0];
  if (!isObject && field !== undefined) {
    command.error(`error: --${field}-field is about --format json or messagepack`);
  }
  return {
    tag: flags.tag,
    source: flags.source,
    framing,
    maxBytes: isDefault ? (maxBytes ?? flags.maxLineBytes) : flags.maxLineBytes,
    fields,
    times: readTimes(command, flags),
  };
}

function readFraming(command: Command, flags: EntryFlags): Framing {
  const { format, delimiter, beginDelimiter, recordStart } = flags;
  const given: readonly (readonly [flag: string, framing: Framing | undefined])[] = [
    ['--format', format === 'lines' ? undefined : { kind: format }],
    ['--delimiter', delimiter && { kind: 'lines', delimiter }],
    ['--begin-delimiter', beginDelimiter && { kind: 'beginning with', delimiter: beginDelimiter }],
    ['--record-start', recordStart && { kind: 'beginning at', expression: recordStart }],
  ];
  const [first, second] = given.filter(([, framing]) => framing !== undefined);
  if (first !== undefined && second !== undefined) {
    command.error(
      `error: ${first[0]} and ${second[0]} both say what an entry is: give one of them`,
    );
  }
  return first?.[1] ?? { kind: 'lines' };
}

function readTimes(command: Command, flags: EntryFlags): EntryOptions['times'] {
  const { ignoreTimestamps, timeFormat, assumeTimeZone, timestampLeftMost, timeField } = flags;
  if (!ignoreTimestamps) {
    return {
      leftMost: timestampLeftMost,
      ...(timeFormat === undefined ? {} : { format: timeFormat }),
      ...(assumeTimeZone === undefined ? {} : { zone: assumeTimeZone }),
    };
  }
  const leftMost = timestampLeftMost || undefined;
  const others = { timeFormat, assumeTimeZone, timestampLeftMost: leftMost, timeField };
  const name = Object.entries(others).find(([, value]) => value !== undefined)?.[0];
  const flag = command.options.find((option) => option.attributeName() === name)?.long;
  if (flag !== undefined) command.error(`error: ${flag} has no use with --ignore-timestamps`);
  return undefined;
}
