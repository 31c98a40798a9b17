import type { EntryInput, SourceInput, TimestampInput } from '@ringest/codec';
import type { EntryBlock } from '../entries/entry-block.js';
import type { LineWriter, LineWriterOptions } from '../entries/line-writer.js';
import type { PackedOptions } from '../entries/packed-entries.js';
import { InvalidArgumentError } from '../errors.js';
import type { WaitOptions } from '../wait.js';

/** What streams of entries and streams of lines have in common. */
export interface StreamOptions {
  /**
   * When the end of the stream is reached. `confirmed`: once indexers have confirmed all that was written
   * before; they are asked to confirm at once. `accepted`: once all entries are in a ring or in the
   * cache, so that the thread of a producer may end; with the cache mode `journal`, once they are on
   * disk. Default: `confirmed`.
   */
  readonly finishWhen?: 'confirmed' | 'accepted';
  /**
   * How much the stream holds before `write` returns `false`: bytes for lines, chunks for entries. Default:
   * 262144 bytes, or 1024 chunks.
   */
  readonly highWaterMark?: number;
}

/** How a stream of objects makes entries. */
export interface EntryStreamOptions extends StreamOptions {
  readonly lines?: false;
  /** The tag of entries that have none, a number that `getTag` or `negotiateTag` returned. */
  readonly tag: number;
  /** The source of entries that have none. Default: as for `writeEntry`. */
  readonly source?: SourceInput;
  /** The time of entries that have none. Default: the time at which the stream writes them. */
  readonly timestamp?: TimestampInput;
  /**
   * Called with each chunk that cannot be written. All others are written, and the stream goes on. Default:
   * the chunks before it are written, and the stream fails with the error.
   */
  readonly onRefused?: (error: Error, chunk: unknown) => void;
}

/** How a stream of bytes makes entries of its lines. */
export interface LineStreamOptions extends StreamOptions, LineWriterOptions {
  readonly lines: true;
}

/** What may be written to a stream of objects. Its fields replace those of the stream's options. */
export type EntryChunk =
  | string
  | Uint8Array
  | EntryBlock
  | (Omit<EntryInput, 'tag' | 'timestamp'> & Partial<Pick<EntryInput, 'tag' | 'timestamp'>>);

/** What a stream has done so far. */
export interface StreamStats {
  /** Entries that were written, or wait for room. */
  readonly entries: number;
  /** Chunks or lines that were refused. */
  readonly refused: number;
}

/** What streams need of their muxer, or producer. */
export interface StreamHost {
  writeBatch(entries: readonly EntryInput[], options?: WaitOptions): Promise<void> | undefined;
  writePacked(
    bytes: Uint8Array,
    offsets: Uint32Array,
    options: PackedOptions,
  ): Promise<void> | undefined;
  lineWriter(options: LineWriterOptions): LineWriter;
  willBlock(bytes?: number): boolean;
  sync(options?: WaitOptions): Promise<void>;
}

/** Takes chunks, and makes entries of them. */
export interface Sink {
  readonly isOfObjects: boolean;
  /**
   * Writes chunks in order.
   * @returns what to wait for before the next ones
   * @throws what the writing of the muxer throws
   */
  write(chunks: readonly unknown[]): Promise<void> | undefined;
  /** Writes what is left. */
  end(): Promise<void> | undefined;
  stats(): StreamStats;
}

/** @throws {InvalidArgumentError} an option that both kinds of streams have cannot be used */
export function checkStreamOptions(options: StreamOptions): void {
  if (typeof options !== 'object' || options === null) {
    throw new InvalidArgumentError('options', options, '{ tag }, see EntryStreamOptions');
  }
  const { finishWhen, highWaterMark } = options;
  if (finishWhen !== undefined && finishWhen !== 'confirmed' && finishWhen !== 'accepted') {
    throw new InvalidArgumentError('options.finishWhen', finishWhen, "'confirmed' or 'accepted'");
  }
  if (highWaterMark !== undefined && !(Number.isInteger(highWaterMark) && highWaterMark >= 0)) {
    throw new InvalidArgumentError('options.highWaterMark', highWaterMark, 'a whole number');
  }
}
