import { Source } from '@ringest/core';
import { byteRate, duration, positiveDuration, wholeNumber } from '@ringest/indexer/command-line';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { addCacheFlags, addTargetFlags, readCache, readTargets } from '../flags/index.js';
import type { ShipOptions } from '../ship/ship-options.js';

interface Flags {
  config?: string;
  tag: string;
  source?: string;
  attach: Record<string, string>;
  delimiter?: Uint8Array;
  maxLineBytes: number;
  grace: number;
  timeout?: number;
  json: boolean;
  follow: boolean;
  stateFile?: string;
  fromEnd: boolean;
  poll: number;
  quiet: number;
  maxAhead: number;
}

const MAX_LINE_BYTES = 1024 * 1024 * 1024;
const DEFAULT_LINE_BYTES = 1024 * 1024;
const DEFAULT_AHEAD_BYTES = 16_000_000;
const LEAST_AHEAD_BYTES = 4096;

const EXAMPLES = `
Examples:
  ringest ship --tag app --clear-conns 10.0.0.1:4023 /var/log/app.log
  journalctl --follow --output json | ringest ship --tag journal --tls-conns idx.example:4024
  zcat old/*.gz | ringest ship --tag app --config /etc/ringest.conf
  ringest ship --tag web --clear-conns a:4023,b:4023 '/var/log/nginx/*.log'
  ringest ship --follow --state-file /var/lib/ringest/web.state --config /etc/ringest.conf \\
    --tag web '/var/log/nginx/*.log'

The secret is best given by $GRAVWELL_INGEST_SECRET_FILE or --ingest-secret-file.

Exit status: 0 all was confirmed; 1 not all; 2 the command line or a configuration cannot be used;
3 it could not begin or go on. SIGTERM and SIGINT read no more, and wait for confirmations up to
--grace; a second one leaves at once. SIGHUP reads the configuration again.`;

/** Adds `ringest ship`. */
export function addShipCommand(program: Command): void {
  const command = program
    .command('ship')
    .summary('ship standard input and files to indexers')
    .description(
      'Make an entry of each line of standard input or of files, send them to indexers, and end with 0 ' +
        'only if all of them were confirmed.',
    )
    .argument('[files...]', 'files, patterns such as logs/*.log, or - for standard input')
    .option('--tag <name>', 'the tag of the entries', 'default')
    .option(
      '--source <address>',
      'the source of the entries (default: that of the connection)',
      address,
    )
    .addOption(
      new Option('--attach <name=value>', 'attach a value to every entry; may be repeated')
        .argParser(nameAndValue)
        .default({}, 'none'),
    )
    .optionsGroup('What becomes an entry:')
    .option(
      '--delimiter <text>',
      'what ends an entry instead of a line feed; \\n, \\r, \\t, \\0 and \\xHH stand for bytes',
      bytesOfText,
    )
    .option(
      '--max-line-bytes <bytes>',
      'longer lines become several entries',
      wholeNumber(1, MAX_LINE_BYTES),
      DEFAULT_LINE_BYTES,
    )
    .optionsGroup('Files that grow:')
    .option(
      '--follow',
      'go on as files grow, and whatever becomes of them: renamed, copied and truncated, made anew',
      false,
    )
    .option(
      '--state-file <file>',
      'keeps how far files are confirmed, and the next run goes on there; without it, each run begins ' +
        'at their starts',
    )
    .option('--from-end', 'skip what files have already that no state file knows', false)
    .addOption(
      new Option('--quiet <time>', 'a last line without its end counts as whole after so long')
        .argParser(positiveDuration)
        .default(5000, '5s'),
    )
    .addOption(
      new Option('--poll <time>', 'how often to look at files that had nothing new')
        .argParser(positiveDuration)
        .default(250, '250ms'),
    )
    .addOption(
      new Option(
        '--max-ahead <bytes>',
        'how much is read ahead of confirmations: at most this much is sent again after a crash',
      )
        .argParser(aheadBytes)
        .default(DEFAULT_AHEAD_BYTES, '16MB'),
    )
    .optionsGroup('Where entries go:')
    .option('--config <file>', "a configuration file in Gravwell's format; flags win over it");
  addTargetFlags(command);
  command.optionsGroup('When no indexer is there:');
  addCacheFlags(command, 'without it, in memory');
  command
    .addOption(
      new Option(
        '--timeout <time>',
        'how long to go on while nothing is confirmed (default: for ever)',
      ).argParser(positiveDuration),
    )
    .optionsGroup('How it ends and what it says:')
    .addOption(
      new Option('--grace <time>', 'how long to wait for confirmations after a signal')
        .argParser(duration)
        .default(10_000, '10s'),
    )
    .option('--json', 'print a JSON object each second, and one at the end', false)
    .addHelpText('after', EXAMPLES)
    .action(async (inputs: string[], flags: Flags) => {
      const { ship } = await import('../ship/ship.js');
      process.exitCode = await ship(readOptions(command, inputs, flags));
    });
}

function readOptions(command: Command, inputs: readonly string[], flags: Flags): ShipOptions {
  const cache = readCache(command);
  if (cache !== undefined && cache.path === undefined) {
    command.error('error: --cache-mode takes a --cache-path');
  }
  return {
    inputs,
    follow: readFollow(command, inputs, flags),
    config: flags.config,
    targets: readTargets(command, process.env),
    cache,
    tag: flags.tag,
    source: flags.source,
    attach: flags.attach,
    delimiter: flags.delimiter,
    maxLineBytes: flags.maxLineBytes,
    graceMs: flags.grace,
    timeoutMs: flags.timeout,
    json: flags.json,
  };
}

function readFollow(command: Command, inputs: readonly string[], flags: Flags) {
  if (!flags.follow) {
    const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli';
    const other = FOLLOW_FLAGS.find(isGiven);
    const flag = command.options.find((option) => option.attributeName() === other)?.long;
    if (other !== undefined)
      command.error(`error: ${flag} is about files that grow: give --follow`);
    return undefined;
  }
  if (inputs.length === 0 || inputs.includes('-')) {
    command.error('error: --follow takes files: standard input is read as it comes without it');
  }
  return {
    statePath: flags.stateFile,
    fromEnd: flags.fromEnd,
    pollMs: flags.poll,
    quietMs: flags.quiet,
    maxAheadBytes: flags.maxAhead,
  };
}

const FOLLOW_FLAGS = ['stateFile', 'fromEnd', 'poll', 'quiet', 'maxAhead'];

function address(text: string): string {
  try {
    return Source.parse(text).toString();
  } catch {
    throw new InvalidArgumentError('It must be an IP address.');
  }
}

function nameAndValue(text: string, others: Readonly<Record<string, string>>) {
  const [, name = '', value = ''] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === '') throw new InvalidArgumentError('It must be name=value.');
  return { ...others, [name]: value };
}

function aheadBytes(text: string): number {
  const bytes = Math.floor(byteRate(text));
  if (bytes >= LEAST_AHEAD_BYTES) return bytes;
  throw new InvalidArgumentError(`It must be at least ${LEAST_AHEAD_BYTES} bytes.`);
}

const BYTES: Readonly<Record<string, number>> = { n: 10, r: 13, t: 9, 0: 0, '\\': 92 };

/** The bytes of text in UTF-8, in which some are written as a backslash and letters. */
function bytesOfText(text: string): Uint8Array {
  const parts = text.split(/(\\(?:x[0-9a-f]{2}|.))/i).map((part) => {
    if (!part.startsWith('\\')) return Buffer.from(part);
    const byte = part.length === 4 ? Number.parseInt(part.slice(2), 16) : BYTES[part.slice(1)];
    if (byte === undefined) throw new InvalidArgumentError(`${part} stands for nothing.`);
    return Buffer.of(byte);
  });
  const bytes = Buffer.concat(parts);
  if (bytes.length > 0 && bytes.length <= 16) return bytes;
  throw new InvalidArgumentError('It must have 1 to 16 bytes.');
}
