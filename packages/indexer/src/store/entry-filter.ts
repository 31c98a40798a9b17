import { Timestamp, type TimestampInput, type UnixTime } from '@ringest/codec';
import type { EntryView } from '../reading/entry-view.js';
import type { BlockHead } from './record.js';
import type { IndexRow, SegmentIndex } from './segment-index.js';

/** Which entries are wanted: those that fit all that is given. */
export interface EntryFilterOptions {
  /** Only entries of this time or later. */
  readonly from?: TimestampInput | undefined;
  /** Only entries before this time. */
  readonly to?: TimestampInput | undefined;
  /** Only entries with one of these tags. */
  readonly tags?: readonly string[] | undefined;
  /** Only entries whose data, read as UTF-8, match. */
  readonly match?: RegExp | undefined;
}

/** Decides about segments, blocks and entries. */
export class EntryFilter {
  readonly #from: UnixTime | undefined;
  readonly #to: UnixTime | undefined;
  readonly #tags: ReadonlySet<string> | undefined;
  readonly #match: RegExp | undefined;

  /** @throws {InvalidTimestampError} if a time is not one. */
  constructor({ from, to, tags, match }: EntryFilterOptions) {
    this.#from = from === undefined ? undefined : Timestamp.from(from);
    this.#to = to === undefined ? undefined : Timestamp.from(to);
    this.#tags = tags === undefined ? undefined : new Set(tags);
    // With `g` and `y` an expression goes on where it has matched before.
    this.#match = match && new RegExp(match.source, match.flags.replace(/[gy]/g, ''));
  }

  /** Whether an entry matches. */
  matches(entry: EntryView, tag: string): boolean {
    return (
      (this.#tags === undefined || this.#tags.has(tag)) &&
      this.#isTimely(entry) &&
      this.#matchesData(entry)
    );
  }

  /** Whether entries of these blocks may match. */
  mayMatchRow(row: IndexRow, { tags }: SegmentIndex): boolean {
    const wanted = this.#tags;
    return (
      this.#mayMatchTimes(row) && (!wanted || row.tags.some((at) => wanted.has(`${tags[at]}`)))
    );
  }

  /** Whether entries of a block may match. */
  mayMatch(head: BlockHead): boolean {
    const wanted = this.#tags;
    if (!this.#mayMatchTimes(head)) return false;
    return wanted === undefined || [...head.tags.values()].some((name) => wanted.has(name));
  }

  /** Whether all entries of a block match. */
  takesAll(head: BlockHead): boolean {
    return this.#match === undefined && this.#takesTimes(head) && this.#takesTags(head);
  }

  /** Returns the function that decides about the entries of a block; `undefined`: all match. */
  matcher(head: BlockHead): ((entry: EntryView) => boolean) | undefined {
    if (this.takesAll(head)) return undefined;
    const isTimely = this.#takesTimes(head);
    const numbers = this.#takesTags(head) ? undefined : this.#numbers(head);
    return (entry) =>
      (numbers === undefined || numbers.has(entry.tag)) &&
      (isTimely || this.#isTimely(entry)) &&
      this.#matchesData(entry);
  }

  #matchesData(entry: EntryView): boolean {
    return this.#match === undefined || this.#match.test(entry.data.toString());
  }

  #mayMatchTimes({ first, last }: Pick<BlockHead, 'first' | 'last'>): boolean {
    const [from, to] = [this.#from, this.#to];
    return (
      (from === undefined || last >= from.seconds) && (to === undefined || first <= to.seconds)
    );
  }

  #takesTimes({ first, last }: BlockHead): boolean {
    const [from, to] = [this.#from, this.#to];
    return (from === undefined || first > from.seconds) && (to === undefined || last < to.seconds);
  }

  #takesTags({ tags }: BlockHead): boolean {
    const wanted = this.#tags;
    return wanted === undefined || [...tags.values()].every((name) => wanted.has(name));
  }

  /** The numbers that the wanted tags have in a block. */
  #numbers({ tags }: BlockHead): ReadonlySet<number> {
    return new Set([...tags].filter(([, name]) => this.#tags?.has(name)).map(([number]) => number));
  }

  #isTimely(entry: UnixTime): boolean {
    const [from, to] = [this.#from, this.#to];
    return (!from || !isBefore(entry, from)) && (!to || isBefore(entry, to));
  }
}

function isBefore(one: UnixTime, other: UnixTime): boolean {
  const difference = one.seconds - other.seconds || one.nanoseconds - other.nanoseconds;
  return difference < 0;
}
