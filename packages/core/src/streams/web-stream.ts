import { WritableStream } from 'node:stream/web';
import type { ChunkWriter } from './chunk-writer.js';

/** Makes a web stream whose chunks become entries. */
export function webStream(writer: ChunkWriter): WritableStream<unknown> {
  const { highWaterMark, isOfObjects } = writer;
  return new WritableStream<unknown>(
    {
      start: (controller) => {
        // The types of Node.js do not have it yet. `abort` would come only after the write that waits.
        const { signal } = controller as { readonly signal?: AbortSignal };
        signal?.addEventListener('abort', () => writer.stop(signal.reason), { once: true });
      },
      write: (chunk) => writer.write([chunk]),
      close: () => writer.finish(),
      abort: (reason) => writer.stop(reason),
    },
    { highWaterMark, size: isOfObjects ? () => 1 : bytesOf },
  );
}

/** The size of a chunk of lines. What is neither text nor bytes is refused when it is written. */
function bytesOf(chunk: unknown): number {
  if (typeof chunk === 'string') return Buffer.byteLength(chunk);
  return ArrayBuffer.isView(chunk) ? chunk.byteLength : 1;
}
