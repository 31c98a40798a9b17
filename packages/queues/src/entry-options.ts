import { Source, type SourceInput } from '@ringest/core';
import { check, isHeader, isText, type NamedHeader } from './check.js';

/** How messages of any queue become entries. */
export interface EntryOptions {
  /** The source of entries, or the header with it. Default: the local address of the muxer's connection. */
  readonly source?: SourceInput | NamedHeader;
  /**
   * Headers that become enumerated values of the same name: their names, or `all` but those of the queue itself.
   * Several values of a header are joined with a comma. Default: none.
   */
  readonly headers?: 'all' | readonly string[];
  /**
   * Messages that a sink published become the entries that they were: tag, time, source and values come from their
   * headers. Whoever may publish to the queue then chooses tags. Default: `false`.
   */
  readonly restore?: boolean;
  /**
   * Gets to know of each message whose header with the time cannot be read, and what is in that header (`undefined`:
   * there is none). Its entry has the time that the queue has given it. It may throw nothing.
   */
  readonly onUndated?: (value: string | undefined) => void;
}

/** The options with their defaults, checked. */
export interface CheckedEntryOptions {
  /** `message`: the time that the queue has given it. */
  readonly time: 'message' | 'arrival' | NamedHeader;
  readonly source: Source | NamedHeader | undefined;
  readonly headers: 'all' | readonly string[];
  readonly restore: boolean;
  readonly onUndated: (value: string | undefined) => void;
}

/**
 * Checks how entries are made of the messages of a queue, and fills in what is missing.
 * @param time the option of the queue
 * @param own what the queue calls the time that it has given a message
 * @throws {InvalidArgumentError | InvalidSourceError} an option cannot be used
 */
export function checkEntryOptions(
  options: EntryOptions,
  time: string | NamedHeader,
  own: string,
): CheckedEntryOptions {
  const { source, headers = [], restore = false, onUndated = () => {} } = options;
  const isTime = time === own || time === 'arrival' || isHeader(time);
  check('time', time, isTime, `'${own}', 'arrival' or { header }`);
  const areHeaders = headers === 'all' || (Array.isArray(headers) && headers.every(isText));
  check('headers', headers, areHeaders, "'all' or an array of names");
  check('restore', restore, typeof restore === 'boolean', 'true or false');
  check('onUndated', onUndated, typeof onUndated === 'function', 'a function');
  return { time: timeOf(time), source: sourceOf(source), headers, restore, onUndated };
}

function timeOf(time: string | NamedHeader): CheckedEntryOptions['time'] {
  if (isHeader(time)) return time;
  return time === 'arrival' ? 'arrival' : 'message';
}

function sourceOf(source: EntryOptions['source']): Source | NamedHeader | undefined {
  return source === undefined || isHeader(source) ? source : Source.from(source);
}
