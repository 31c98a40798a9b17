import type { Worker } from 'node:worker_threads';
import { onTestFinished } from 'vitest';

/** The threads that this process starts from now on, until the test is finished. */
export function watchThreads(): Worker[] {
  const threads: Worker[] = [];
  const started = (thread: Worker) => {
    threads.push(thread);
  };
  process.on('worker', started);
  onTestFinished(() => {
    process.off('worker', started);
  });
  return threads;
}
