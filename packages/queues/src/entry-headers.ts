import { encodeEnumeratedBlock, isBytes } from '@ringest/codec';
import { type EntryInput, InvalidEntryError, Source, Timestamp } from '@ringest/core';

/** An entry whose tag is a name: numbers belong to a muxer. */
export type NamedEntry = Omit<EntryInput, 'tag'> & { readonly tag: string };

/**
 * The headers of a message that a sink publishes. Its data is the data of the entry. The time is RFC 3339 text to the
 * nanosecond, the source an address, and the values are the block of enumerated values (§6) in base64.
 */
export const ENTRY_HEADERS = {
  tag: 'Ringest-Tag',
  time: 'Ringest-Time',
  source: 'Ringest-Source',
  values: 'Ringest-Values',
} as const;

/**
 * The headers that have all of an entry but its data.
 * @param tag the name of its tag, as `checkTag` returns it
 * @throws {InvalidTimestampError | InvalidSourceError | InvalidEnumeratedValueError} the entry is bad
 */
export function entryHeaders(
  tag: string,
  { timestamp, source, enumeratedValues }: NamedEntry,
): Record<string, string> {
  const headers: Record<string, string> = {
    [ENTRY_HEADERS.tag]: tag,
    [ENTRY_HEADERS.time]: Timestamp.from(timestamp).toString(),
  };
  if (source !== undefined) headers[ENTRY_HEADERS.source] = Source.from(source).toString();
  if (enumeratedValues !== undefined) {
    const block = encodeEnumeratedBlock(enumeratedValues);
    headers[ENTRY_HEADERS.values] = Buffer.from(block).toString('base64');
  }
  return headers;
}

/** About how many bytes headers take. */
export function headersSize(headers: Readonly<Record<string, string>>): number {
  let size = 0;
  for (const [name, value] of Object.entries(headers)) size += name.length + value.length;
  return size;
}

/**
 * The data of an entry, in memory of its own: the caller may use its bytes again.
 * @throws {InvalidEntryError} it is neither bytes nor text
 */
export function entryData({ data }: NamedEntry): Buffer {
  if (typeof data === 'string') return Buffer.from(data);
  if (isBytes(data)) return Buffer.from(data);
  throw new InvalidEntryError('data', data, 'give a Uint8Array or a string');
}
