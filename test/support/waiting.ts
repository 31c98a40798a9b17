import { vi } from 'vitest';

/** Lets the event loop go around once. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Longer than anything takes beside processes that keep the machine busy: only what hangs is given up. */
const PATIENCE_MS = 45_000;

/** Repeats expectations until they hold. */
export function eventually<T>(expectations: () => T | Promise<T>): Promise<T> {
  return vi.waitFor(expectations, { timeout: PATIENCE_MS, interval: 10 });
}

/** Waits for something that comes about by itself, and of which nothing tells. */
export async function until(
  what: string,
  condition: () => boolean,
  most = PATIENCE_MS,
): Promise<void> {
  for (const end = performance.now() + most; !condition(); ) {
    if (performance.now() > end) throw new Error(`${what} did not come within ${most} ms`);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** A promise, and whether it is settled by now. Its rejection counts as handled. */
export function watch<T>(promise: Promise<T>): { promise: Promise<T>; settled: boolean } {
  const watched = { promise, settled: false };
  const settle = () => {
    watched.settled = true;
  };
  promise.then(settle, settle);
  return watched;
}
