import { pipeline } from 'node:stream/promises';
import type { WritableStream } from 'node:stream/web';
import { InvalidArgumentError } from '../errors.js';
import { ChunkWriter } from './chunk-writer.js';
import { MuxerWritable } from './muxer-writable.js';
import type {
  EntryStreamOptions,
  LineStreamOptions,
  StreamHost,
  StreamStats,
} from './stream-options.js';
import { webStream } from './web-stream.js';

/** Ends a stream when it is aborted. */
export interface Abortable {
  /** Destroys the stream when it is aborted: what waits ends, and what was accepted will be delivered. */
  readonly signal?: AbortSignal;
}

/** Makes a Node.js stream. */
export function nodeWritable(
  host: StreamHost,
  options: (EntryStreamOptions | LineStreamOptions) & Abortable,
): MuxerWritable {
  return new MuxerWritable(new ChunkWriter(host, options), options.signal);
}

/** Makes a web stream. */
export function webWritable(
  host: StreamHost,
  options: EntryStreamOptions | LineStreamOptions,
): WritableStream<unknown> {
  return webStream(new ChunkWriter(host, options));
}

/** Writes all that an iterable gives. */
export async function consume(
  host: StreamHost,
  chunks: AsyncIterable<unknown> | Iterable<unknown>,
  options: (EntryStreamOptions | LineStreamOptions) & Abortable,
): Promise<StreamStats> {
  if (!isIterable(chunks)) {
    throw new InvalidArgumentError('chunks', chunks, 'an iterable of chunks, and no text');
  }
  const writable = nodeWritable(host, options);
  await pipeline(chunks, writable);
  return writable.stats();
}

function isIterable(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value;
}

export { MuxerWritable };
