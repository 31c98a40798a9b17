import { type EntryInput, IngestMuxer } from '@ringest/core';
import { checkOption, type RecordCounts, RecordWriter } from '@ringest/core/records';
import Transport from 'winston-transport';
import { type Info, RecordEntries, type RecordOptions } from './record-entries.js';

/** The options of the transport: those of every transport of winston, and how records become entries. */
export interface RingestTransportOptions
  extends RecordOptions,
    Pick<
      Transport.TransportStreamOptions,
      'format' | 'level' | 'silent' | 'handleExceptions' | 'handleRejections'
    > {
  /** A muxer of the program. The transport does not close it. */
  readonly muxer: IngestMuxer;
}

/** What a transport has done so far. */
export interface RingestTransportStats extends RecordCounts {
  /** Records with a time that cannot be read: they have the time at which the transport got them. */
  readonly undated: number;
}

/**
 * How many records may wait for room: all of them. `logger.info` waits for nothing, so a bound would only keep
 * them in the logger, where other transports wait for them, and where `logger.end()` loses them.
 */
const HIGH_WATER_MARK = Number.MAX_SAFE_INTEGER;

/**
 * A transport of winston that ingests records with a muxer of the program. Nothing that happens to records ends
 * the transport, or the program: what is refused or lost is counted, and is a warning of the process, once for
 * each kind of error. `finish` comes once everything is confirmed; when that cannot be waited for, because the
 * muxer is closed or every target failed for good, it comes at once, and a warning says so.
 */
export class RingestTransport extends Transport {
  readonly #entries: RecordEntries;
  readonly #writer: RecordWriter;

  /** @throws {InvalidArgumentError | InvalidTagError} an option cannot be used */
  constructor(options: RingestTransportOptions) {
    const entries = new RecordEntries(options);
    const { muxer } = options;
    checkOption('muxer', muxer, muxer instanceof IngestMuxer, 'an IngestMuxer');
    const writer = new RecordWriter(muxer, entries.tag);
    super({ ...options, highWaterMark: HIGH_WATER_MARK } as Transport.TransportStreamOptions);
    this.#entries = entries;
    this.#writer = writer;
  }

  /** What was done so far. */
  stats(): RingestTransportStats {
    return { ...this.#writer.stats(), undated: this.#entries.undated };
  }

  /** Writes a record, and calls back once it has found room. */
  override log(info: Info, next: () => void): void {
    this.logv([{ chunk: info }], next);
  }

  /** Writes records as one batch, and calls back once they have found room. winston calls it. */
  override logv(waiting: readonly Waiting[], next: () => void): void {
    this.#writer.write(
      waiting.flatMap(({ chunk }) => this.#entriesOf(chunk)),
      next,
    );
  }

  // Here, winston would throw what the format of the transport throws, out of the stream of the logger.
  override _write(chunk: Info, encoding: BufferEncoding, next: Callback): void {
    this._writev?.([{ chunk, encoding }], next);
  }

  override _final(done: Callback): void {
    this.#writer.end();
    this.#writer.whenConfirmed(done);
  }

  /** Makes an entry of a record; none, if the format of the transport leaves it out, or it is refused. */
  #entriesOf(info: Info): EntryInput[] {
    const { format } = this;
    try {
      const formatted = format === undefined ? info : format.transform({ ...info }, format.options);
      if (typeof formatted !== 'object') return [];
      return [this.#entries.entryOf(formatted, this.#writer.tag)];
    } catch (error) {
      this.#writer.refuse(error as Error);
      return [];
    }
  }
}

interface Waiting {
  readonly chunk: Info;
}

type Callback = (error?: Error | null) => void;
