import type { IndexerTag } from '@ringest/codec';
import { TagNotNegotiatedError } from '../errors.js';
import type { EntryDigest } from './digest.js';
import type { EntryView } from './entry-view.js';

const TAG_NUMBERS = 0x10000;

/** Marks a tag that was never negotiated. */
const NOT_NEGOTIATED = -1;

/** Counts entries, and adds them to a digest if there is one. */
export class EntryCounter {
  readonly #digest: EntryDigest | undefined;
  // Indexed by the number of the tag: a lookup by name would cost more for every entry.
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

  /** The digest of all entries; `null`: none is computed. */
  get digest(): string | null {
    return this.#digest?.toString() ?? null;
  }

  /** The number of entries with this tag; 0 also if it was never negotiated. */
  entriesOf(tag: IndexerTag): number {
    return Math.max(0, this.#entriesOf[tag] ?? 0);
  }

  /** Allows entries to have this tag from now on. */
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
