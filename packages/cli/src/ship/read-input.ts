import { fstat, promises, read as readBytes } from 'node:fs';
import { promisify } from 'node:util';
import type { EntryAccount, EntryStream } from './entries/entry-account.js';
import { STANDARD_INPUT } from './inputs.js';

/** Bytes to read at once. A write costs something, so that few large ones are cheaper. */
const CHUNK_BYTES = 1024 * 1024;
const STANDARD_INPUT_FD = 0;

/**
 * Reads a file, or standard input, to its end, and makes entries of it.
 * @param signal when it is aborted, nothing more is read
 * @returns whether the end was reached
 * @throws what the system says of the file, and what the stream throws
 */
export async function readInput(
  path: string,
  stream: EntryStream,
  account: EntryAccount,
  signal: AbortSignal,
): Promise<boolean> {
  if (path === STANDARD_INPUT) {
    // A look at a pipe that is not asynchronous has a price: see `removeSocket`.
    const stats = await lookAt(STANDARD_INPUT_FD);
    if (!stats.isFile()) return await readPipe(stream, account, signal);
    const read = (buffer: Buffer) => readFile(STANDARD_INPUT_FD, buffer, 0, buffer.length, null);
    return await readBlocks(read, stream, account, signal);
  }
  const file = await promises.open(path);
  try {
    const read = (buffer: Buffer) => file.read(buffer, 0, buffer.length, null);
    return await readBlocks(read, stream, account, signal);
  } finally {
    await file.close();
  }
}

const readFile = promisify(readBytes);
const lookAt = promisify(fstat);

type Read = (buffer: Buffer) => Promise<{ readonly bytesRead: number }>;

/** Two buffers take turns: one is read into while the entries of the other are written. */
async function readBlocks(
  read: Read,
  stream: EntryStream,
  account: EntryAccount,
  signal: AbortSignal,
): Promise<boolean> {
  let [buffer, other] = [Buffer.allocUnsafe(CHUNK_BYTES), Buffer.allocUnsafe(CHUNK_BYTES)];
  let reading = read(buffer);
  try {
    while (!signal.aborted) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) {
        await stream.end();
        return true;
      }
      const chunk = buffer.subarray(0, bytesRead);
      [buffer, other] = [other, buffer];
      reading = read(buffer);
      account.bytes += bytesRead;
      await stream.write(chunk);
    }
    return false;
  } finally {
    // Whatever ended this, the file is closed and the buffer is free only after the last read.
    await Promise.allSettled([reading]);
  }
}

async function readPipe(
  stream: EntryStream,
  account: EntryAccount,
  signal: AbortSignal,
): Promise<boolean> {
  const stdin = process.stdin;
  const stop = () => stdin.destroy();
  signal.addEventListener('abort', stop);
  try {
    for await (const chunk of stdin as AsyncIterable<Buffer>) {
      account.bytes += chunk.length;
      await stream.write(chunk);
      if (signal.aborted) break;
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    signal.removeEventListener('abort', stop);
  }
  // What was taken from a pipe cannot be read again: neither what Node.js has read ahead by now, nor the
  // beginning of a line, which goes as it is.
  const rest: Buffer | null = stdin.read();
  if (rest !== null) {
    account.bytes += rest.length;
    await stream.write(rest);
  }
  await stream.end();
  return !signal.aborted;
}
