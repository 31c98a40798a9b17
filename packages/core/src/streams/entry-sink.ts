import { type EntryInput, isBytes, Timestamp, type TimestampInput } from '@ringest/codec';
import { EntryBlock } from '../entries/entry-block.js';
import { BatchError, InvalidArgumentError } from '../errors.js';
import type {
  EntryChunk,
  EntryStreamOptions,
  Sink,
  StreamHost,
  StreamStats,
} from './stream-options.js';
import { whenRoom } from './when-room.js';
import { writeInTurn } from './write-in-turn.js';

/** Chunks that follow each other and are written as one batch, or a block. */
type Part = EntryBlock | EntryChunk[];

/** Makes entries of objects, texts and bytes. */
export class EntrySink implements Sink {
  readonly isOfObjects = true;
  readonly #host: StreamHost;
  readonly #options: EntryStreamOptions;
  readonly #wait: { readonly signal: AbortSignal };
  #entries = 0;
  #refused = 0;

  /** @throws what a write throws for the tag, the source and the time of the options */
  constructor(host: StreamHost, options: EntryStreamOptions, signal: AbortSignal) {
    const { lines, onRefused } = options as { lines?: unknown; onRefused?: unknown };
    if (lines !== undefined && lines !== false) {
      throw new InvalidArgumentError('options.lines', lines, 'true or false');
    }
    if (onRefused !== undefined && typeof onRefused !== 'function') {
      throw new InvalidArgumentError('options.onRefused', onRefused, 'a function');
    }
    const { tag, source, timestamp } = options;
    // A line writer checks these three as a write does, and nothing is written.
    host.lineWriter({
      tag,
      ...(source !== undefined && { source }),
      ...(timestamp !== undefined && { timestamp }),
    });
    this.#host = host;
    this.#options = { ...options };
    this.#wait = { signal };
  }

  write(chunks: readonly unknown[]): Promise<void> | undefined {
    return writeInTurn(partsOf(chunks), this.#writePart, this.#mustWait);
  }

  end(): undefined {
    return undefined;
  }

  stats(): StreamStats {
    return { entries: this.#entries, refused: this.#refused };
  }

  readonly #writePart = (part: Part) =>
    part instanceof EntryBlock
      ? whenRoom(() => this.#tryBlock(part), this.#wait.signal)
      : this.#writeChunks(part);
  readonly #mustWait = () => this.#host.willBlock();

  #writeChunks(chunks: readonly EntryChunk[]): Promise<void> | undefined {
    return whenRoom(() => this.#tryChunks(chunks), this.#wait.signal);
  }

  /** Writes chunks as one batch; without those that are refused, as several. */
  #tryChunks(chunks: readonly EntryChunk[]): Promise<void> | undefined {
    const now = this.#options.timestamp ?? Timestamp.now();
    const entries = chunks.map((chunk) => this.#entryOf(chunk, now));
    try {
      const wait = this.#host.writeBatch(entries, this.#wait);
      this.#entries += entries.length;
      return wait;
    } catch (error) {
      if (!(error instanceof BatchError)) throw error;
      return this.#writeAround(error, chunks);
    }
  }

  /** Writes the chunks before the one that cannot be written, refuses that one, and writes the others. */
  #writeAround(error: BatchError, chunks: readonly EntryChunk[]): Promise<void> | undefined {
    const { index } = error;
    const before = chunks.slice(0, index);
    const wait = before.length === 0 ? undefined : this.#writeChunks(before);
    if (wait === undefined) return this.#refuse(error, chunks);
    return wait.then(() => this.#refuse(error, chunks));
  }

  #refuse({ index, cause }: BatchError, chunks: readonly EntryChunk[]): Promise<void> | undefined {
    const after = chunks.slice(index + 1);
    this.#refuseChunk(cause as Error, chunks[index]);
    return after.length === 0 ? undefined : this.#writeChunks(after);
  }

  #tryBlock(block: EntryBlock): Promise<void> | undefined {
    const { tag, source, timestamp } = this.#options;
    const common = {
      tag,
      ...(source !== undefined && { source }),
      ...(timestamp !== undefined && { timestamp }),
    };
    const options = { ...common, ...block.options, ...this.#wait };
    const { bytes, offsets, length } = block;
    const wait = this.#host.writePacked(bytes, offsets, options);
    this.#entries += length;
    return wait;
  }

  #refuseChunk(error: Error, chunk: unknown): void {
    const { onRefused } = this.#options;
    if (onRefused === undefined) throw error;
    this.#refused++;
    onRefused(error, chunk);
  }

  #entryOf(chunk: EntryChunk, now: TimestampInput): EntryInput {
    const { tag, source } = this.#options;
    const common = { tag, timestamp: now, ...(source !== undefined && { source }) };
    if (typeof chunk === 'string' || isBytes(chunk)) return { ...common, data: chunk };
    // What is no object is given to the muxer as it is: it says what is wrong.
    if (typeof chunk !== 'object' || chunk === null) return chunk;
    return { ...common, ...(chunk as EntryInput) };
  }
}

function partsOf(chunks: readonly unknown[]): Part[] {
  const parts: Part[] = [];
  let batch: EntryChunk[] | undefined;
  for (const chunk of chunks) {
    if (chunk instanceof EntryBlock) {
      parts.push(chunk);
      batch = undefined;
      continue;
    }
    if (batch === undefined) {
      batch = [];
      parts.push(batch);
    }
    batch.push(chunk as EntryChunk);
  }
  return parts;
}
