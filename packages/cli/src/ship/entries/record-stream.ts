import { counted } from '@ringest/codec';
import { InputError } from '../../errors.js';
import type { Draft } from './draft.js';
import type { DraftWriter } from './draft-writer.js';
import type { EntryStream } from './entry-account.js';
import { type Cut, isCut, SEARCH_START, type Search, type Splitter } from './splitters.js';

/** How records become entries. */
export interface RecordRules {
  /** What a record stands for. `value` is what its splitter has found. */
  readonly draft: (record: Buffer, value: unknown) => Draft;
  /** A longer record is cut, unless its splitter refuses it. */
  readonly maxBytes: number;
}

/** Where entries go. */
export type RecordOutput = Pick<DraftWriter, 'write' | 'refuse' | 'stats'>;

/** What stands behind the records that were taken. */
interface Rest {
  readonly bytes: Buffer;
  /** How the end of the record that begins there is to be found. */
  readonly search: Search;
  /** How many bytes are still to come of a record that is too long, and has begun. */
  readonly more: number;
}

const NOTHING: Rest = { bytes: Buffer.alloc(0), search: SEARCH_START, more: 0 };

/**
 * Makes entries of the records of a stream of bytes. It is slower than a line writer, which needs no objects.
 * However small its chunks are, each byte is looked at once, and copied a few times at most.
 */
export class RecordStream implements EntryStream {
  readonly #splitter: Splitter;
  readonly #rules: RecordRules;
  readonly #writer: RecordOutput;
  /** What is left of a chunk stands in it, and what comes next behind that, while there is room. */
  #room: Buffer = NOTHING.bytes;
  #rest = NOTHING;
  /** Bytes of all records that are over. */
  #taken = 0;
  #failure: InputError | undefined;

  constructor(splitter: Splitter, rules: RecordRules, writer: RecordOutput) {
    this.#splitter = splitter;
    this.#rules = rules;
    this.#writer = writer;
  }

  stats() {
    const { bytes, search } = this.#rest;
    return { ...this.#writer.stats(), unfinishedBytes: bytes.length + (search.dropped ?? 0) };
  }

  /** @throws {InputError} and rejects with it: what was written cannot be divided into records */
  write(chunk: Uint8Array | string): Promise<void> | undefined {
    return this.#take(this.#append(Buffer.from(chunk as Uint8Array)), false);
  }

  end(): Promise<void> | undefined {
    return this.#failure === undefined ? this.#take(this.#rest.bytes, true) : undefined;
  }

  /** What is left, and a copy of a chunk, whose memory is used again. */
  #append(chunk: Buffer): Buffer {
    const { bytes } = this.#rest;
    const begin = bytes.byteOffset - this.#room.byteOffset;
    const end = begin + bytes.length + chunk.length;
    if (bytes.length > 0 && end <= this.#room.length) {
      chunk.copy(this.#room, begin + bytes.length);
      return this.#room.subarray(begin, end);
    }
    // Twice what is left: a record that comes in small chunks is not copied for each of them.
    this.#room = Buffer.allocUnsafeSlow(Math.max(2 * bytes.length, bytes.length + chunk.length));
    bytes.copy(this.#room);
    chunk.copy(this.#room, bytes.length);
    return this.#room.subarray(0, bytes.length + chunk.length);
  }

  #take(bytes: Buffer, isEnd: boolean): Promise<void> | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const drafts: Draft[] = [];
    let refused = 0;
    let at = 0;
    let { search, more } = this.#rest;
    let problem: string | undefined;
    for (;;) {
      const found =
        more > 0 ? this.#part(bytes, at, more, isEnd) : this.#next(bytes, at, isEnd, search);
      if (!isCut(found)) {
        search = found ?? SEARCH_START;
        break;
      }
      this.#addDrafts(drafts, bytes, found);
      at = found.after;
      more = found.more ?? 0;
      search = found.search ?? SEARCH_START;
      if (found.isRefused && found.search === undefined) refused++;
      ({ problem } = found);
      if (problem !== undefined) break;
    }
    const room = this.#writer.write(drafts);
    // Not before: if that throws, nothing of the chunk was taken.
    this.#taken += at;
    this.#rest = isEnd ? NOTHING : { bytes: bytes.subarray(at), search, more };
    if (refused > 0) this.#refuse(refused);
    if (problem === undefined) return room;
    this.#failure = new InputError(
      `${problem}, at byte ${this.#taken}: nothing more is read of it`,
    );
    return this.#fail(room, this.#failure);
  }

  /** What came before the failure was written all the same. */
  async #fail(room: Promise<void> | undefined, failure: InputError): Promise<void> {
    await room;
    throw failure;
  }

  #refuse(records: number): void {
    const longer = counted(this.#rules.maxBytes, 'byte');
    this.#writer.refuse(records, `a value is longer than ${longer} (--max-line-bytes)`);
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
  #next(bytes: Buffer, from: number, isEnd: boolean, search: Search): Cut | Search | undefined {
    const { maxBytes } = this.#rules;
    const found = this.#splitter(bytes, from, isEnd, search);
    if (isCut(found) || found?.hasLength) return found;
    return bytes.length - from > maxBytes
      ? { from, to: from + maxBytes, after: from + maxBytes }
      : found;
  }
}
