import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

/** Waits for a promise that does not reject, or for the signal. */
export async function orAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const over = new AbortController();
  const aborted = once(signal, 'abort', { signal: over.signal }).catch(() => {});
  if (!signal.aborted) await Promise.race([promise, aborted]);
  over.abort();
}

/**
 * Waits for work, and does something else again and again until that is done.
 * @param everyMs milliseconds between two times
 */
export async function whileWaiting<Result>(
  work: Promise<Result>,
  everyMs: number,
  act: () => Promise<void>,
): Promise<Result> {
  const done = work.then(() => true);
  for (;;) {
    const over = new AbortController();
    const pause = sleep(everyMs, false, { signal: over.signal }).catch(() => false);
    try {
      if (await Promise.race([done, pause])) return await work;
    } finally {
      over.abort();
    }
    await act();
  }
}
