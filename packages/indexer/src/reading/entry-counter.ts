import type { IndexerTag } from '@ringest/codec';
import { TagNotNegotiatedError } from '../errors.js';
import type { EntryDigest } from './digest.js';
import type { EntryView } from './entry-view.js';

const TAG_NUMBERS = 0x10000;

/** What no number of entries is: a tag that was never negotiated. */
const NOT_NEGOTIATED = -1;

/** Counts entries, and keeps a digest of them if it is asked for one. */
export class EntryCounter {
  readonly #digest: EntryDigest | undefined;
  // Indexed by the number of the tag: a map by its name would be looked into for every entry.
  readonly #entriesOf = new Float64Array(TAG_NUMBERS).fill(NOT_NEGOTIATED);
  #entries = 0;
  #bytes = 0;

  constructor(digest: EntryDigest | undefined) {
    this.#digest = digest;
  }

  get entries(): number {
    return this.#entries;
  }

  /** Bytes of data. */
  get bytes(): number {
    return this.#bytes;
  }

  /** The digest of all entries, `null` if none is kept. */
  get digest(): string | null {
    return this.#digest?.toString() ?? null;
  }

  /** Entries with this tag, 0 also if it was never negotiated. */
  entriesOf(tag: IndexerTag): number {
    return Math.max(0, this.#entriesOf[tag] ?? 0);
  }

  /** Lets entries have this tag from now on. */
  allow(tag: IndexerTag): void {
    if (this.#entriesOf[tag] === NOT_NEGOTIATED) this.#entriesOf[tag] = 0;
  }

  /** @throws {TagNotNegotiatedError} if the entry's tag was never allowed. */
  check(entry: EntryView): void {
    const { tag } = entry;
    if (this.#entriesOf[tag] === NOT_NEGOTIATED) throw new TagNotNegotiatedError(tag, entry.id);
  }

  /** Counts an entry that was checked. */
  add(entry: EntryView): void {
    const { tag } = entry;
    this.#entriesOf[tag] = (this.#entriesOf[tag] ?? 0) + 1;
    this.#entries++;
    this.#bytes += entry.dataLength;
    this.#digest?.add(entry);
  }
}
