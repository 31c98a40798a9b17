import { decodeEntry, type Entry, type EntryInput, encodeEntry } from '@ringest/codec';
import { expect } from 'vitest';

/** What an indexer got, whatever number it gave to the tag. */
export interface Arrival {
  readonly tag: string;
  /** The encoded entry, with 0 for its tag. */
  readonly bytes: Buffer;
}

const TAG_OFFSET = 16;

/** How an entry must arrive, by the codec's own encoder. Without a source it has the local address. */
export function expectedArrival(entry: EntryInput, tag = 'test', local = '127.0.0.1'): Arrival {
  const { source = local } = entry;
  return { tag, bytes: encodeEntry({ ...entry, source, tag: 0 }) };
}

/** How entries must arrive, in their order. */
export function expectedArrivals(entries: readonly EntryInput[], tag?: string): Arrival[] {
  return entries.map((entry) => expectedArrival(entry, tag));
}

/** @param encoded an entry as `encodeEntry` makes it; it is copied */
export function arrival(tag: string, encoded: Uint8Array): Arrival {
  const bytes = Buffer.from(encoded);
  bytes.writeUInt16LE(0, TAG_OFFSET);
  return { tag, bytes };
}

/** Compares entry by entry, in order; a difference is shown decoded, and only the first one. */
export function expectArrivals(actual: readonly Arrival[], expected: readonly Arrival[]): void {
  const different = expected.findIndex((one, i) => !isSame(one, actual[i]));
  if (different >= 0) {
    expect(describeArrival(different, actual[different])).toEqual(
      describeArrival(different, expected[different]),
    );
  }
  expect(actual.length).toBe(expected.length);
}

/** Something equal for equal arrivals, for sets and maps. */
export function keyOf({ tag, bytes }: Arrival): string {
  return `${tag}:${bytes.toString('latin1')}`;
}

function isSame(one: Arrival, other: Arrival | undefined): boolean {
  return one.tag === other?.tag && one.bytes.equals(other.bytes);
}

function describeArrival(index: number, shown: Arrival | undefined) {
  if (shown === undefined) return { index, arrived: false };
  const common = { index, tag: shown.tag, bytes: shown.bytes.subarray(0, 200).toString('hex') };
  let decoded: Entry;
  try {
    decoded = decodeEntry(shown.bytes);
  } catch (error) {
    return { ...common, error };
  }
  const { timestamp, source, data, enumeratedValues } = decoded;
  return {
    ...common,
    timestamp: `${timestamp}`,
    source: `${source}`,
    length: data.length,
    data: data.subarray(0, 200).toString('latin1'),
    values: enumeratedValues.map(({ name, type, bytes }) => ({ name, type, bytes })),
  };
}
