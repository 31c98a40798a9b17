import { DecodeError, frameSize } from '@ringest/codec';
import { EntryView } from '../reading/entry-view.js';
import type { EntryFilter } from './entry-filter.js';
import type { BlockHead } from './record.js';

/** Entries that were stored together, in the order in which they came. It holds those that match. */
export class StoredBlock implements Iterable<EntryView> {
  /** The name of the segment's file. */
  readonly segment: string;
  /** The offset of the block in the file. */
  readonly offset: number;
  readonly #frames: Buffer;
  readonly #head: BlockHead;
  readonly #filter: EntryFilter;

  constructor(
    place: { readonly segment: string; readonly offset: number },
    content: { readonly frames: Buffer; readonly head: BlockHead },
    filter: EntryFilter,
  ) {
    this.segment = place.segment;
    this.offset = place.offset;
    this.#frames = content.frames;
    this.#head = content.head;
    this.#filter = filter;
  }

  /** How many entries match. */
  get count(): number {
    if (this.#filter.takesAll(this.#head)) return this.#head.entries;
    let count = 0;
    for (const _ of this) count++;
    return count;
  }

  /** The name of the tag that an entry of this block has. */
  tagOf(entry: EntryView): string {
    return this.#head.tags.get(entry.tag) ?? `${entry.tag}`;
  }

  /**
   * The entries that match. The view is moved from entry to entry; `decode` copies it. Its id is the one
   * that the ingester gave it on its connection, and its number of the tag is good in this block alone.
   *
   * @throws {DecodeError} if the block holds something other than entries.
   */
  *[Symbol.iterator](): Generator<EntryView> {
    const frames = this.#frames;
    const view = new DataView(frames.buffer, frames.byteOffset, frames.length);
    const entry = new EntryView();
    entry.setBytes(frames, view);
    const matches = this.#filter.matcher(this.#head);
    for (let offset = 0; offset < frames.length; offset = entry.frameEnd) {
      const size = frameSize(frames, offset, frames.length - offset);
      if (size > frames.length - offset) {
        throw new DecodeError(
          'stored block',
          `${this.segment}, ${this.offset}: a frame is cut off`,
        );
      }
      entry.moveToFrame(offset, size);
      if (matches === undefined || matches(entry)) yield entry;
    }
  }
}
