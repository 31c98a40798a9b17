import { type Command, InvalidArgumentError } from 'commander';

/** What bytes become entries: a message is one already. */
const FRAMING_FLAGS = [
  ...['format', 'delimiter', 'beginDelimiter', 'recordStart', 'maxLineBytes'],
  ...['timeField', 'tagField', 'sourceField', 'dataField'],
];
const TIME_FLAGS = ['ignoreTimestamps', 'timeFormat', 'assumeTimeZone', 'timestampLeftMost'];

/** Ends the command if one of some flags is given. */
export function refuseGiven(command: Command, names: readonly string[], why: string): void {
  const isGiven = (attribute: string) => command.getOptionValueSource(attribute) === 'cli';
  const given = names.find(isGiven);
  const flag = command.options.find((option) => option.attributeName() === given)?.long;
  if (flag !== undefined) command.error(`error: ${flag} ${why}`);
}

/**
 * Ends the command if a flag about bytes is given, where entries are made of messages alone.
 * @param queue the flag of the queue, such as `--nats`
 * @param findsTimes whether times are found in the data of messages
 */
export function refuseFraming(command: Command, queue: string, findsTimes: boolean): void {
  refuseGiven(command, FRAMING_FLAGS, `has no use with ${queue}: a message is an entry`);
  if (!findsTimes) refuseGiven(command, TIME_FLAGS, `is about ${queue}-time data`);
}

/** Parses `A,B,…`. */
export function list(text: string): readonly string[] {
  return text.split(',').map((part) => part.trim());
}

/** Parses names of headers: `A,B,…`, or `all`. */
export function headerNames(text: string): 'all' | readonly string[] {
  return text === 'all' ? text : list(text);
}

/** Returns a parser of where times are: `data`, `arrival`, `header:NAME`, or what a queue knows. */
export function timePlace<Known extends string>(known: Known) {
  return (text: string): 'data' | 'arrival' | Known | { readonly header: string } => {
    const [, header] = /^header:(.+)$/.exec(text) ?? [];
    if (header !== undefined) return { header };
    if (text === 'data' || text === 'arrival') return text;
    if (text === known) return known;
    throw new InvalidArgumentError(`It must be data, ${known}, arrival or header:NAME.`);
  };
}

/** Parses `pattern=tag`. @param what what the pattern is of, such as `subject` */
export function patternAndTag(what: string) {
  return (text: string): readonly [pattern: string, tag: string] => {
    const [, pattern = '', tag = ''] = /^(.+)=([^=]+)$/s.exec(text) ?? [];
    if (pattern !== '') return [pattern, tag];
    throw new InvalidArgumentError(`It must be ${what}=tag.`);
  };
}
