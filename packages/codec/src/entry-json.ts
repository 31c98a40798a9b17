import { isUtf8 } from 'node:buffer';
import type { Entry } from './entry.js';
import { type EnumeratedContent, EnumeratedType } from './enumerated-type.js';
import type { EnumeratedValue } from './enumerated-value.js';
import type { Timestamp } from './timestamp.js';

/** An entry as an object for one line of JSON. */
export interface EntryJson {
  /** RFC 3339, to the nanosecond; `null`: a {@link Timestamp} cannot hold it. */
  readonly timestamp: string | null;
  /** The name; `null`: it is not known. */
  readonly tag: string | null;
  /** An address; `null`: that of the connection on which it will be sent. */
  readonly source: string | null;
  /** The data as text, if it is UTF-8. */
  readonly data?: string;
  /** The data in base64, if it is not UTF-8. */
  readonly base64?: string;
  /**
   * The enumerated values, if there are any. Integers of 64 bits are strings, and so are durations, in
   * nanoseconds, and numbers that are not finite; bytes are base64.
   */
  readonly values?: readonly {
    readonly name: string;
    readonly type: string | undefined;
    readonly value: unknown;
  }[];
}

/** The parts of an entry that {@link entryToJson} needs. */
export interface EntryParts extends Pick<Entry, 'source' | 'data' | 'enumeratedValues'> {
  /** `undefined`: a {@link Timestamp} cannot hold it. */
  readonly timestamp: Timestamp | undefined;
}

const TYPE_NAMES = new Map(Object.entries(EnumeratedType).map(([name, type]) => [type, name]));

/** Makes an object for a line of JSON of an entry. */
export function entryToJson(entry: EntryParts, tag: string | null): EntryJson {
  const { timestamp, source, data, enumeratedValues: values } = entry;
  return {
    timestamp: timestamp?.toString() ?? null,
    tag,
    source: source.toString(),
    ...(isUtf8(data) ? { data: data.toString() } : { base64: data.toString('base64') }),
    ...(values.length > 0 && { values: values.map(describeValue) }),
  };
}

function describeValue(value: EnumeratedValue) {
  return { name: value.name, type: TYPE_NAMES.get(value.type), value: plain(value.value) };
}

function plain(value: EnumeratedContent): unknown {
  if (Buffer.isBuffer(value)) return value.toString('base64');
  if (typeof value === 'number' && !Number.isFinite(value)) return `${value}`;
  return typeof value === 'bigint' || typeof value === 'object' ? value.toString() : value;
}
