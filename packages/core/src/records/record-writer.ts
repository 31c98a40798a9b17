import { type EntryInput, RingestError } from '@ringest/codec';
import type { IngestMuxer } from '../muxer.js';
import type { MuxerWritable } from '../streams/index.js';

/** What became of the records of a logger. */
export interface RecordCounts {
  /** Records that were written, whatever became of them. */
  readonly records: number;
  /** Records that no entry could be made of, such as one with too much data, or whose tag is refused. */
  readonly refused: number;
  /** Records that the muxer did not take, because it is closed or every target failed for good. */
  readonly lost: number;
}

/**
 * Ingests the records of a logger. Nothing that happens to records is thrown: what is refused or lost is
 * counted, and is a warning of the process, once for each kind of error.
 */
export class RecordWriter {
  readonly #muxer: IngestMuxer;
  readonly #tag: number;
  readonly #warned = new Set<string>();
  #stream: MuxerWritable | undefined;
  #records = 0;
  #refused = 0;
  #lost = 0;

  /** @throws {InvalidTagError | TooManyTagsError} the tag cannot be used */
  constructor(muxer: IngestMuxer, tag: string) {
    this.#muxer = muxer;
    this.#tag = muxer.negotiateTag(tag);
  }

  /** The number of the tag. */
  get tag(): number {
    return this.#tag;
  }

  /** What was done so far. */
  stats(): RecordCounts {
    return { records: this.#records, refused: this.#refused, lost: this.#lost };
  }

  /** Writes entries as one batch, and calls back once they have found room, or are counted. */
  write(entries: readonly EntryInput[], done: () => void): void {
    const records = entries.length;
    const last = entries[records - 1];
    if (last === undefined) {
      done();
      return;
    }
    this.#records += records;
    let stream: MuxerWritable;
    try {
      stream = this.#open();
    } catch (error) {
      // Every connected indexer refuses the tag.
      this.#countRefused(error as Error, records);
      done();
      return;
    }
    const before = this.#refused + stream.stats().entries;
    stream.cork();
    for (let index = 0; index < records - 1; index++) stream.write(entries[index]);
    stream.write(last, (error) => {
      if (error) {
        const taken = this.#refused + stream.stats().entries - before;
        this.#lose(error, Math.max(0, records - taken));
      }
      done();
    });
    stream.uncork();
  }

  /** Counts a record that no entry was made of. */
  refuse(error: Error): void {
    this.#records++;
    this.#countRefused(error);
  }

  /** Ends it: nothing may be written any more. The muxer stays as it is. */
  end(): void {
    this.#stream?.end();
  }

  /**
   * Calls back once everything that was written is confirmed, or cannot be waited for, because the muxer is
   * closed, every target failed for good, or indexers refuse a tag: then a warning says so.
   */
  whenConfirmed(done: () => void): void {
    this.#muxer.sync().then(done, (error: Error) => {
      this.#warn('it is not known that all records of the log arrived', error);
      done();
    });
  }

  /** The stream to the muxer: a new one after a failure. */
  #open(): MuxerWritable {
    if (this.#stream !== undefined) return this.#stream;
    const onRefused = (error: Error) => this.#countRefused(error);
    const stream = this.#muxer.writable({ tag: this.#tag, onRefused, finishWhen: 'accepted' });
    // The callbacks of its writes get the error.
    this.#stream = stream.on('error', () => {});
    return stream;
  }

  #countRefused(error: Error, records = 1): void {
    this.#refused += records;
    this.#warn('a record of the log was refused', error);
  }

  #lose(error: Error, records: number): void {
    this.#lost += records;
    this.#warn('records of the log were lost', error);
    this.#stream = undefined;
  }

  #warn(problem: string, error: Error): void {
    const kind = `${problem} ${error instanceof RingestError ? error.code : error.name}`;
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    process.emitWarning(`${problem}: ${error.message}`, { type: 'RingestLogWarning' });
  }
}
