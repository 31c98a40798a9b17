import { byteRate, positiveDuration } from '@ringest/indexer/command-line';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { FollowChoice } from '../ship-options.js';

interface FollowFlags {
  follow: boolean;
  stateFile?: string;
  fromEnd: boolean;
  poll: number;
  quiet: number;
  maxAhead: number;
}

const DEFAULT_AHEAD_BYTES = 16_000_000;
const LEAST_AHEAD_BYTES = 4096;

/** Adds the flags that {@link readFollow} reads. */
export function addFollowFlags(command: Command): void {
  command
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
        'how much is read ahead of confirmations: at most twice this much is sent again after a crash',
      )
        .argParser(aheadBytes)
        .default(DEFAULT_AHEAD_BYTES, '16MB'),
    );
}

/**
 * Reads these flags of a command that is parsed. A flag without use ends the command.
 * @param hasConfig a configuration file may have files to follow
 */
export function readFollow(
  command: Command,
  inputs: readonly string[],
  hasConfig: boolean,
): FollowChoice {
  const flags = command.opts<FollowFlags>();
  const isGiven = (name: string) => command.getOptionValueSource(name) === 'cli';
  const other = FOLLOW_FLAGS.find(isGiven);
  const flag = command.options.find((option) => option.attributeName() === other)?.long;
  if (!flags.follow && !hasConfig && other !== undefined) {
    command.error(`error: ${flag} is about files that grow: give --follow`);
  }
  if (flags.follow && (inputs.length === 0 || inputs.includes('-'))) {
    command.error('error: --follow takes files: standard input is read as it comes without it');
  }
  return {
    isOn: flags.follow,
    statePath: flags.stateFile,
    fromEnd: flags.fromEnd,
    pollMs: flags.poll,
    quietMs: flags.quiet,
    maxAheadBytes: flags.maxAhead,
  };
}

const FOLLOW_FLAGS = ['stateFile', 'fromEnd', 'poll', 'quiet', 'maxAhead'];

function aheadBytes(text: string): number {
  const bytes = Math.floor(byteRate(text));
  if (bytes >= LEAST_AHEAD_BYTES) return bytes;
  throw new InvalidArgumentError(`It must be at least ${LEAST_AHEAD_BYTES} bytes.`);
}
