import { entryToJson, Source, Timestamp } from '@ringest/codec';
import type { EntryView } from '@ringest/indexer';
import type { CatOptions } from './cat-options.js';

const LINE_FEED = Buffer.from('\n');
const NANOSECONDS = 1_000_000_000;

/** Adds an entry to an output. What is added may be a view of the entry. */
export type EntryPrinter = (entry: EntryView, tag: string, add: (bytes: Buffer) => void) => void;

/** Returns the function that prints entries in the form that is asked for. */
export function entryPrinter({ json, long }: CatOptions): EntryPrinter {
  if (json) return printJson;
  return long ? printLong : printData;
}

function printData(entry: EntryView, _tag: string, add: (bytes: Buffer) => void): void {
  add(entry.data);
  add(LINE_FEED);
}

function printLong(entry: EntryView, tag: string, add: (bytes: Buffer) => void): void {
  const source = Source.fromBytes(entry.sourceBytes);
  add(Buffer.from(`${timestampOf(entry) ?? '-'} ${tag} ${source} `));
  printData(entry, tag, add);
}

function printJson(entry: EntryView, tag: string, add: (bytes: Buffer) => void): void {
  const { data, enumeratedValues } = entry;
  const source = Source.fromBytes(entry.sourceBytes);
  const parts = { timestamp: timestampOf(entry), source, data, enumeratedValues };
  add(Buffer.from(`${JSON.stringify(entryToJson(parts, tag))}\n`));
}

/** `undefined`: an ingester has sent what is no time. */
function timestampOf({ seconds, nanoseconds }: EntryView): Timestamp | undefined {
  if (!Number.isSafeInteger(seconds) || nanoseconds >= NANOSECONDS) return undefined;
  return new Timestamp(seconds, nanoseconds);
}
