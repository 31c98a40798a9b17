import type { Draft } from './draft.js';
import type { DraftWriter } from './draft-writer.js';
import type { EntryStream } from './entry-account.js';
import type { Cut, Splitter } from './splitters.js';

/** How records become entries. */
export interface RecordRules {
  /** What a record stands for. `value` is what its splitter has found. */
  readonly draft: (record: Buffer, value: unknown) => Draft;
  /** A longer record is cut. */
  readonly maxBytes: number;
}

const NOTHING = Buffer.alloc(0);

/** Makes entries of the records of a stream of bytes. It is slower than a line writer, which needs no objects. */
export class RecordStream implements EntryStream {
  readonly #splitter: Splitter;
  readonly #rules: RecordRules;
  readonly #writer: DraftWriter;
  #rest: Buffer = NOTHING;
  /** How many bytes are still to come of a record that is too long, and has begun. */
  #more = 0;

  constructor(splitter: Splitter, rules: RecordRules, writer: DraftWriter) {
    this.#splitter = splitter;
    this.#rules = rules;
    this.#writer = writer;
  }

  stats() {
    return { ...this.#writer.stats(), unfinishedBytes: this.#rest.length };
  }

  write(chunk: Uint8Array | string): Promise<void> | undefined {
    // A copy: what is left of the chunk is kept, and it is used again.
    return this.#take(Buffer.concat([this.#rest, Buffer.from(chunk as Uint8Array)]), false);
  }

  end(): Promise<void> | undefined {
    return this.#take(this.#rest, true);
  }

  #take(bytes: Buffer, isEnd: boolean): Promise<void> | undefined {
    const drafts: Draft[] = [];
    let at = 0;
    let more = this.#more;
    for (;;) {
      const cut = more > 0 ? this.#part(bytes, at, more, isEnd) : this.#cut(bytes, at, isEnd);
      if (cut === undefined) break;
      this.#addDrafts(drafts, bytes, cut);
      at = cut.after;
      more = cut.more ?? 0;
    }
    const room = this.#writer.write(drafts);
    // Not before: if that throws, nothing of the chunk was taken.
    this.#rest = at === bytes.length ? NOTHING : bytes.subarray(at);
    this.#more = isEnd ? 0 : more;
    return room;
  }

  #addDrafts(drafts: Draft[], bytes: Buffer, { from, to, value }: Cut): void {
    const { draft, maxBytes } = this.#rules;
    if (to - from <= maxBytes) {
      if (to > from) drafts.push(draft(bytes.subarray(from, to), value));
      return;
    }
    for (let part = from; part < to; part += maxBytes) {
      drafts.push(draft(bytes.subarray(part, Math.min(part + maxBytes, to)), undefined));
    }
  }

  /** The next part of a record that is too long. */
  #part(bytes: Buffer, from: number, more: number, isEnd: boolean): Cut | undefined {
    const length = Math.min(more, this.#rules.maxBytes);
    const to = Math.min(from + length, bytes.length);
    if (to === from || (to < from + length && !isEnd)) return undefined;
    return { from, to, after: to, more: more - (to - from) };
  }

  /** The next record. One that is too long, and not whole, is cut where it is too long. */
  #cut(bytes: Buffer, from: number, isEnd: boolean): Cut | undefined {
    const { maxBytes } = this.#rules;
    const cut = this.#splitter(bytes, from, isEnd);
    const isLong = cut === undefined && bytes.length - from > maxBytes;
    return isLong ? { from, to: from + maxBytes, after: from + maxBytes } : cut;
  }
}
