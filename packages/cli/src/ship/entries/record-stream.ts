import { BatchError, type EntryInput } from '@ringest/core';
import type { EntryStream } from './entry-account.js';
import type { Cut, Splitter } from './splitters.js';

/** What a record stream needs. */
export interface RecordHost {
  /**
   * Makes entries of a record.
   * @param value what its splitter has found that it stands for
   * @param refused called for each entry that is lost because something is wrong with it
   */
  make(record: Buffer, value: unknown, refused: () => void): readonly EntryInput[];
  /** As `IngestMuxer.writeBatch`. */
  write(entries: readonly EntryInput[]): Promise<void> | undefined;
  /** Tells of an entry that cannot be written. */
  refused(error: BatchError): void;
  /** A longer record is cut. */
  readonly maxBytes: number;
}

const NOTHING = Buffer.alloc(0);

/** Makes entries of the records of a stream of bytes. It is slower than a line writer, which needs no objects. */
export class RecordStream implements EntryStream {
  readonly #splitter: Splitter;
  readonly #host: RecordHost;
  #rest: Buffer = NOTHING;
  #entries = 0;
  #refused = 0;

  constructor(splitter: Splitter, host: RecordHost) {
    this.#splitter = splitter;
    this.#host = host;
  }

  stats() {
    const unfinishedBytes = this.#rest.length;
    return { entries: this.#entries, refusedLines: this.#refused, unfinishedBytes };
  }

  write(chunk: Uint8Array | string): Promise<void> | undefined {
    // A copy: what is left of the chunk is kept, and it is used again.
    return this.#take(Buffer.concat([this.#rest, Buffer.from(chunk as Uint8Array)]), false);
  }

  end(): Promise<void> | undefined {
    return this.#take(this.#rest, true);
  }

  #take(bytes: Buffer, isEnd: boolean): Promise<void> | undefined {
    const { maxBytes } = this.#host;
    const refused = () => void this.#refused++;
    const entries: EntryInput[] = [];
    let at = 0;
    for (
      let cut = this.#cut(bytes, at, isEnd);
      cut !== undefined;
      cut = this.#cut(bytes, at, isEnd)
    ) {
      const { from, to, after, value } = cut;
      for (let part = from; part < to; part += maxBytes) {
        const whole = part === from && to - from <= maxBytes;
        const record = bytes.subarray(part, Math.min(part + maxBytes, to));
        entries.push(...this.#host.make(record, whole ? value : undefined, refused));
      }
      at = after;
    }
    this.#rest = at === bytes.length ? NOTHING : bytes.subarray(at);
    return this.#write(entries);
  }

  /** Writes all entries but those that cannot be written. */
  #write(entries: readonly EntryInput[]): Promise<void> | undefined {
    for (let left = entries; left.length > 0; ) {
      try {
        const room = this.#host.write(left);
        this.#entries += left.length;
        return room;
      } catch (error) {
        if (!(error instanceof BatchError)) throw error;
        this.#refused++;
        this.#host.refused(error);
        left = left.filter((_, i) => i !== error.index);
      }
    }
    return undefined;
  }

  /** The next record. One that is too long, and not whole, is cut where it is too long. */
  #cut(bytes: Buffer, from: number, isEnd: boolean): Cut | undefined {
    const { maxBytes } = this.#host;
    const cut = this.#splitter(bytes, from, isEnd);
    const isLong = cut === undefined && bytes.length - from > maxBytes;
    return isLong ? { from, to: from + maxBytes, after: from + maxBytes } : cut;
  }
}
