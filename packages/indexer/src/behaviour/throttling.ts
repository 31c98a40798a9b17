import type { EntryReader } from '../reading/entry-reader.js';

/** How often an ingester is throttled. */
const PERIOD_MS = 1000;

/**
 * Throttles readers whose entries flow, every second, or every twice the length of a throttle that
 * is longer than half of one: no ingester is stopped for more than half of the time.
 *
 * @param milliseconds how long each THROTTLE lasts.
 * @param readers those that are at work.
 * @returns what ends it.
 */
export function startThrottling(
  milliseconds: number,
  readers: () => Iterable<EntryReader>,
): () => void {
  const throttle = () => {
    for (const reader of readers()) reader.throttleIfBusy(Math.round(milliseconds * 1e6));
  };
  const timer = setInterval(throttle, Math.max(PERIOD_MS, 2 * milliseconds));
  return () => clearInterval(timer);
}
