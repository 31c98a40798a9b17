import { setImmediate as turnEnd } from 'node:timers/promises';
import { EntrySink } from './entry-sink.js';
import { LineSink } from './line-sink.js';
import {
  checkStreamOptions,
  type EntryStreamOptions,
  type LineStreamOptions,
  type Sink,
  type StreamHost,
  type StreamStats,
} from './stream-options.js';

const DEFAULT_BYTES = 262144;
const DEFAULT_CHUNKS = 1024;

/** A sink with an end that waits as the options say. All that waits ends when it is stopped. */
export class ChunkWriter {
  readonly #host: StreamHost;
  readonly #sink: Sink;
  readonly #stopping = new AbortController();
  readonly #waitsForIndexers: boolean;
  /** How much the stream may hold: bytes or chunks. */
  readonly highWaterMark: number;

  constructor(host: StreamHost, options: EntryStreamOptions | LineStreamOptions) {
    checkStreamOptions(options);
    const { signal } = this.#stopping;
    this.#host = host;
    this.#sink =
      options.lines === true
        ? new LineSink(host, options, signal)
        : new EntrySink(host, options, signal);
    this.#waitsForIndexers = options.finishWhen !== 'accepted';
    const usual = this.#sink.isOfObjects ? DEFAULT_CHUNKS : DEFAULT_BYTES;
    this.highWaterMark = options.highWaterMark ?? usual;
  }

  get isOfObjects(): boolean {
    return this.#sink.isOfObjects;
  }

  stats(): StreamStats {
    return this.#sink.stats();
  }

  write(chunks: readonly unknown[]): Promise<void> | undefined {
    return this.#sink.write(chunks);
  }

  /** Writes what is left, and waits as the option `finishWhen` says. */
  async finish(): Promise<void> {
    await this.#sink.end();
    if (this.#waitsForIndexers) await this.#host.sync({ signal: this.#stopping.signal });
    // What found room is committed by then: it would be gone with the thread of a producer before.
    else await turnEnd();
  }

  /** Ends all waiting. What was accepted will be delivered. */
  stop(reason: unknown): void {
    this.#stopping.abort(reason);
  }
}
