import { Writable } from 'node:stream';
import type { ChunkWriter } from './chunk-writer.js';
import type { StreamStats } from './stream-options.js';

/** A Node.js stream whose chunks become entries. `IngestMuxer.writable` and `Producer.writable` make it. */
export class MuxerWritable extends Writable {
  readonly #chunks: ChunkWriter;

  constructor(chunks: ChunkWriter, signal: AbortSignal | undefined) {
    super({
      objectMode: chunks.isOfObjects,
      highWaterMark: chunks.highWaterMark,
      ...(signal !== undefined && { signal }),
    });
    this.#chunks = chunks;
  }

  /** What was done so far. */
  stats(): StreamStats {
    return this.#chunks.stats();
  }

  override _write(chunk: unknown, _encoding: BufferEncoding, done: Callback): void {
    after(() => this.#chunks.write([chunk]), done);
  }

  override _writev(held: readonly { readonly chunk: unknown }[], done: Callback): void {
    after(() => this.#chunks.write(held.map(({ chunk }) => chunk)), done);
  }

  override _final(done: Callback): void {
    after(() => this.#chunks.finish(), done);
  }

  override _destroy(error: Error | null, done: Callback): void {
    this.#chunks.stop(error ?? new Error('the stream was destroyed'));
    done(error);
  }
}

type Callback = (error?: Error | null) => void;

/** Calls back once a write is done. */
function after(write: () => Promise<void> | undefined, done: Callback): void {
  let wait: Promise<void> | undefined;
  try {
    wait = write();
  } catch (error) {
    done(error as Error);
    return;
  }
  if (wait === undefined) done();
  else wait.then(() => done(), done);
}
