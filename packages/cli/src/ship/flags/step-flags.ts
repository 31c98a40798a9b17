import { checkTag } from '@ringest/codec';
import { type Command, InvalidArgumentError, Option } from 'commander';
import type { Step } from '../entries/draft.js';
import type { OnStepError } from '../entries/entry-maker.js';
import type { EntryOptions } from '../entries/entry-streams.js';
import {
  dropMatching,
  extractFields,
  extractGroups,
  gunzip,
  keepMatching,
  type Route,
  type TagRule,
  tagByRule,
  tagByValue,
} from '../entries/steps.js';
import { expression, repeated } from './flag-values.js';

interface StepFlags {
  gunzip: boolean;
  keep: readonly RegExp[];
  drop: readonly RegExp[];
  extractJson: readonly string[];
  extract: readonly RegExp[];
  route: readonly Route[];
  tagRule: readonly TagRule[];
  onError: OnStepError;
}

/** Adds the flags that {@link readSteps} reads, and `--process`. */
export function addStepFlags(command: Command): void {
  const many = <Value>(flags: string, help: string, parse: (text: string) => Value) =>
    new Option(flags, `${help}; may be repeated`).argParser(repeated(parse)).default([], 'none');
  command
    .optionsGroup('What becomes of entries, in this order:')
    .option('--gunzip', 'decompress data that is compressed with gzip', false)
    .addOption(many('--keep <regex>', 'drop entries that do not match', expression))
    .addOption(many('--drop <regex>', 'drop entries that match', expression))
    .option(
      '--extract-json <paths>',
      'fields of JSON that become enumerated values: level,http.status,…',
      (text) => text.split(',').map((path) => path.trim()),
      [],
    )
    .addOption(
      many(
        '--extract <regex>',
        'named groups that become enumerated values: (?<user>\\w+)',
        expression,
      ),
    )
    .addOption(
      many('--route <name=value:tag>', 'the tag of entries that have an enumerated value', route),
    )
    .addOption(many('--tag-rule <regex=tag>', 'the tag of entries that match', tagRule))
    .option(
      '--process <file>',
      'a module whose default export is a function: (entry) => entry, entries or undefined',
    )
    .addOption(
      new Option('--on-error <what>', 'what becomes of an entry when one of these fails')
        .choices(['pass', 'drop'])
        .default('pass'),
    );
}

/** Reads these flags of a command that is parsed. */
export function readSteps(command: Command): Pick<EntryOptions, 'steps' | 'onStepError'> {
  const flags = command.opts<StepFlags>();
  const { extractJson, route: routes, tagRule: rules } = flags;
  const steps: readonly Step[] = [
    ...(flags.gunzip ? [gunzip] : []),
    ...flags.keep.map(keepMatching),
    ...flags.drop.map(dropMatching),
    ...(extractJson.length > 0 ? [extractFields(extractJson)] : []),
    ...flags.extract.map(extractGroups),
    ...(routes.length > 0 ? [tagByValue(routes)] : []),
    ...(rules.length > 0 ? [tagByRule(rules)] : []),
  ];
  return { steps, onStepError: flags.onError };
}

function route(text: string): Route {
  const [, name = '', value = '', tag = ''] = /^([^=]+)=(.*):([^:]+)$/s.exec(text) ?? [];
  if (name !== '') return { name, value, tag: usableTag(tag) };
  throw new InvalidArgumentError('It must be name=value:tag.');
}

function tagRule(text: string): TagRule {
  const [, regex = '', tag = ''] = /^(.+)=([^=]+)$/s.exec(text) ?? [];
  if (regex !== '') return { expression: expression(regex), tag: usableTag(tag) };
  throw new InvalidArgumentError('It must be regex=tag.');
}

function usableTag(tag: string): string {
  try {
    return checkTag(tag);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}
