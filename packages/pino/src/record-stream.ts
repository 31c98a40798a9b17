import { Writable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import {
  type CloseReport,
  type IngestMuxer,
  type MuxerTag,
  type MuxerWritable,
  RingestError,
} from '@ringest/core';
import { RecordEntries } from './record-entries.js';
import { checkRecordOptions, type RecordOptions } from './record-options.js';

/** What a stream of records has done so far. */
export interface RecordStats {
  /** Records that were written, whatever became of them. */
  readonly records: number;
  /** Records that no entry could be made of, such as one with too much data, or whose tag is refused. */
  readonly refused: number;
  /** Records that the muxer did not take, because it is closed or every target failed for good. */
  readonly lost: number;
  /** Records without a time that can be used: they have the time at which they were read. */
  readonly undated: number;
}

/** How the stream is used. */
export interface RecordStreamUse {
  /** Closes the muxer at the end of the stream, and gets its report with the counts of the stream. */
  readonly closed?: (report: CloseReport & RecordStats) => void;
}

/**
 * Ingests the lines that pino writes. Nothing that happens to records ends the stream, or the program: what is
 * refused or lost is counted, and is a warning of the process, once for each kind of error.
 */
export class RecordStream extends Writable {
  readonly #muxer: IngestMuxer;
  readonly #use: RecordStreamUse;
  readonly #entries: RecordEntries;
  readonly #tag: MuxerTag;
  readonly #decoder = new StringDecoder('utf8');
  readonly #warned = new Set<string>();
  #stream: MuxerWritable | undefined;
  /** The beginning of a record. */
  #rest = '';
  #records = 0;
  #refused = 0;
  #lost = 0;

  /** @throws {InvalidArgumentError | InvalidTagError} an option cannot be used */
  constructor(muxer: IngestMuxer, options: RecordOptions, use: RecordStreamUse = {}) {
    super({ decodeStrings: false });
    const checked = checkRecordOptions(options);
    const tag = muxer.negotiateTag(checked.tag);
    this.#muxer = muxer;
    this.#use = use;
    this.#entries = new RecordEntries(checked, tag);
    this.#tag = tag;
  }

  /** What was done so far. */
  stats(): RecordStats {
    const counts = { records: this.#records, refused: this.#refused, lost: this.#lost };
    return { ...counts, undated: this.#entries.undated };
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
      this.#stream?.end();
      const { closed } = this.#use;
      if (closed === undefined) {
        this.#muxer.sync().then(() => done(), done);
        return;
      }
      const close = this.#muxer.close().then((report) => closed({ ...report, ...this.stats() }));
      close.then(() => done(), done);
    });
  }

  /** Writes records as one batch, and calls back once they have found room. */
  #ingest(lines: readonly string[], done: () => void): void {
    const entries = lines.filter((line) => line !== '').map((line) => this.#entries.entryOf(line));
    const last = entries.pop();
    if (last === undefined) {
      done();
      return;
    }
    const records = entries.length + 1;
    this.#records += records;
    let stream: MuxerWritable;
    try {
      stream = this.#open();
    } catch (error) {
      // No entry can be written with the tag for now.
      this.#lose(error as Error, records);
      done();
      return;
    }
    const before = this.#refused + stream.stats().entries;
    stream.cork();
    for (const entry of entries) stream.write(entry);
    stream.write(last, (error) => {
      if (error) {
        const taken = this.#refused + stream.stats().entries - before;
        this.#lose(error, Math.max(0, records - taken));
      }
      done();
    });
    stream.uncork();
  }

  #lose(error: Error, records: number): void {
    this.#lost += records;
    this.#warn('records of the log were lost', error);
    this.#stream = undefined;
  }

  /** The stream to the muxer: a new one after a failure. */
  #open(): MuxerWritable {
    if (this.#stream !== undefined) return this.#stream;
    const onRefused = (error: Error) => this.#refuse(error);
    const stream = this.#muxer.writable({ tag: this.#tag, onRefused, finishWhen: 'accepted' });
    // The callbacks of its writes get the error.
    this.#stream = stream.on('error', () => {});
    return stream;
  }

  #refuse(error: Error): void {
    this.#refused++;
    this.#warn('a record of the log was refused', error);
  }

  #warn(problem: string, error: Error): void {
    const kind = `${problem} ${error instanceof RingestError ? error.code : error.name}`;
    if (this.#warned.has(kind)) return;
    this.#warned.add(kind);
    process.emitWarning(`${problem}: ${error.message}`, { type: 'RingestLogWarning' });
  }
}

type Callback = (error?: Error | null) => void;
