import type { LineWriter } from '../entries/line-writer.js';
import type { LineStreamOptions, Sink, StreamHost, StreamStats } from './stream-options.js';
import { whenRoom } from './when-room.js';
import { writeInTurn } from './write-in-turn.js';

/** Makes an entry of each line of a stream of bytes. */
export class LineSink implements Sink {
  readonly isOfObjects = false;
  readonly #host: StreamHost;
  readonly #writer: LineWriter;
  readonly #wait: { readonly signal: AbortSignal };

  constructor(host: StreamHost, options: LineStreamOptions, signal: AbortSignal) {
    this.#host = host;
    this.#writer = host.lineWriter(options);
    this.#wait = { signal };
  }

  write(chunks: readonly unknown[]): Promise<void> | undefined {
    return writeInTurn(chunks, this.#writeChunk, this.#mustWait);
  }

  end(): Promise<void> | undefined {
    return whenRoom(() => this.#writer.end(this.#wait), this.#wait.signal);
  }

  stats(): StreamStats {
    const { entries, refusedLines } = this.#writer.stats();
    return { entries, refused: refusedLines };
  }

  // The line writer checks what it gets.
  readonly #writeChunk = (chunk: unknown) =>
    whenRoom(() => this.#writer.write(chunk as Uint8Array, this.#wait), this.#wait.signal);
  readonly #mustWait = () => this.#host.willBlock();
}
