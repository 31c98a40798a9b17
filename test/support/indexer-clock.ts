import { onTestFinished, vi } from 'vitest';

/**
 * Has the time of this process, and so of embedded indexers, stand still until the test lets it go on
 * with `vi.advanceTimersByTime`. Sockets, and what Node.js times itself, are not concerned.
 */
export function holdClock(): void {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'performance'],
  });
  onTestFinished(() => {
    vi.useRealTimers();
  });
}

/** Waits for a condition without letting time go on: what is on its way on sockets arrives. */
export async function arrived(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise(setImmediate);
}
