import { once } from 'node:events';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';

/** What a thread appends to a file, and for how long. */
export interface DiskTask {
  /** A folder that no other task uses. */
  readonly path: string;
  /** Past the page cache, if that is possible there. */
  readonly isDirect: boolean;
  readonly blockBytes: number;
  /** Milliseconds between two calls of fdatasync. */
  readonly syncEveryMs: number;
  /** Milliseconds. */
  readonly duration: number;
}

/** What appends took. */
export interface DiskRun {
  readonly bytesPerSecond: number;
  /** Of this process, which does nothing else: with the operating system's copy, without its own threads. */
  readonly cpuSecondsPerByte: number;
}

const BLOCK_BYTES = 2 ** 20;

/**
 * What a disk gives to plain appends of 1 MiB, from a thread of its own, with an fdatasync every so
 * many milliseconds and a last one at the end.
 * @param folder where the file is, which is gone in the end
 */
export async function probeDisk(
  folder: string,
  { isDirect, syncEveryMs, duration }: Omit<DiskTask, 'path' | 'blockBytes'>,
): Promise<DiskRun> {
  const path = join(folder, 'probe');
  const task: DiskTask = { path, isDirect, blockBytes: BLOCK_BYTES, syncEveryMs, duration };
  const thread = new Worker(new URL('./disk-thread.js', import.meta.url), { workerData: task });
  const ended = once(thread, 'exit');
  const [run] = await once(thread, 'message');
  await ended;
  return run as DiskRun;
}
