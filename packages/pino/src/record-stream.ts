import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import type { CloseReport, IngestMuxer } from '@ringest/core';
import { type RecordCounts, RecordWriter } from '@ringest/core/records';
import { RecordEntries } from './record-entries.js';
import { checkRecordOptions, type RecordOptions } from './record-options.js';

/** What a stream of records has done so far. */
export interface RecordStats extends RecordCounts {
  /** Records without a time that can be used: they have the time at which they were read. */
  readonly undated: number;
}

/** How the stream is used. */
export interface RecordStreamUse {
  /** Closes the muxer at the end of the stream, and gets its report with the counts of the stream. */
  readonly closed?: (report: CloseReport & RecordStats) => void;
}

/**
 * Ingests the lines that pino writes. Nothing that happens to records ends the stream, or the program: see
 * `RecordWriter`.
 */
export class RecordStream extends Writable {
  readonly #muxer: IngestMuxer;
  readonly #use: RecordStreamUse;
  readonly #entries: RecordEntries;
  readonly #writer: RecordWriter;
  readonly #decoder = new StringDecoder('utf8');
  /** The beginning of a record. */
  #rest = '';

  /** @throws {InvalidArgumentError | InvalidTagError} an option cannot be used */
  constructor(muxer: IngestMuxer, options: RecordOptions, use: RecordStreamUse = {}) {
    super({ decodeStrings: false });
    const checked = checkRecordOptions(options);
    this.#muxer = muxer;
    this.#use = use;
    this.#writer = new RecordWriter(muxer, checked.tag);
    this.#entries = new RecordEntries(checked, this.#writer.tag);
  }

  /** What was done so far. */
  stats(): RecordStats {
    return { ...this.#writer.stats(), undated: this.#entries.undated };
  }

  /**
   * Calls back once everything that was written is confirmed, or is on disk with the cache mode `journal`. pino
   * calls it for `logger.flush(callback)`.
   */
  flush(done: (error?: Error) => void): void {
    const isStored = this.#muxer.stats().cache?.mode === 'journal';
    this.write('', () => {
      if (isStored) done();
      else this.#muxer.sync().then(() => done(), done);
    });
  }

  override _write(chunk: string | Uint8Array, _encoding: BufferEncoding, done: Callback): void {
    const text = typeof chunk === 'string' ? chunk : this.#decoder.write(Buffer.from(chunk));
    const lines = (this.#rest + text).split('\n');
    this.#rest = lines.pop() ?? '';
    this.#ingest(lines, done);
  }

  override _final(done: Callback): void {
    const rest = this.#rest + this.#decoder.end();
    this.#rest = '';
    this.#ingest([rest], () => {
      this.#writer.end();
      const { closed } = this.#use;
      if (closed === undefined) {
        this.#writer.whenConfirmed(done);
        return;
      }
      const close = this.#muxer.close().then((report) => closed({ ...report, ...this.stats() }));
      close.then(() => done(), done);
    });
  }

  #ingest(lines: readonly string[], done: () => void): void {
    const records = lines.filter((line) => line !== '');
    this.#writer.write(
      records.map((line) => this.#entries.entryOf(line)),
      done,
    );
  }
}

type Callback = (error?: Error | null) => void;
