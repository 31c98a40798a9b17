import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** What a thread appends to a file, and for how long. */
export interface DiskTask {
  /** A file that is not there. */
  readonly path: string;
  readonly blockBytes: number;
  /** Milliseconds between two calls of fdatasync. */
  readonly syncEveryMs: number;
  /** Milliseconds. */
  readonly duration: number;
}

const BLOCK_BYTES = 2 ** 20;

/**
 * What a disk gives to plain appends of 1 MiB, from a thread of its own, with an fdatasync every so
 * many milliseconds and a last one at the end.
 * @param folder where the file is, which is gone in the end
 * @returns bytes a second
 */
export async function probeDisk(
  folder: string,
  syncEveryMs: number,
  duration: number,
): Promise<number> {
  const path = join(folder, 'probe');
  const task: DiskTask = { path, blockBytes: BLOCK_BYTES, syncEveryMs, duration };
  const thread = new Worker(new URL('./disk-thread.js', import.meta.url), { workerData: task });
  const ended = once(thread, 'exit');
  const [bytesPerSecond] = await once(thread, 'message');
  await ended;
  return bytesPerSecond as number;
}
