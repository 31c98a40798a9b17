import { encodeEntry } from '@ringest/codec';
import { BatchError, type EntryInput } from '@ringest/core';

/** What became of entries that were written together. */
export interface Written {
  /** As `IngestMuxer.writeBatch` returns it. */
  readonly room: Promise<void> | undefined;
  /** How many of them were written. */
  readonly count: number;
  /** Why the first one of the others cannot be written. */
  readonly refusal: Error | undefined;
}

/**
 * Writes those of some entries that can be written.
 * @param write as `IngestMuxer.writeBatch`
 * @throws what `write` throws, but for a `BatchError`
 */
export function writeValid(
  all: readonly EntryInput[],
  write: (entries: readonly EntryInput[]) => Promise<void> | undefined,
): Written {
  let refusal: Error | undefined;
  let entries = all;
  while (entries.length > 0) {
    try {
      return { room: write(entries), count: entries.length, refusal };
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      const { index, cause } = error;
      refusal ??= cause as Error;
      // Those before it are valid. One attempt for each of many others would take long.
      entries = entries.filter((entry, i) => i < index || (i > index && isValid(entry)));
    }
  }
  return { room: undefined, count: 0, refusal };
}

/** Whether an entry can be written, but for what the options of the muxer say. */
function isValid(entry: EntryInput): boolean {
  try {
    encodeEntry({ ...entry, tag: 0 });
    return true;
  } catch {
    return false;
  }
}
