import type { EntryReader } from '../reading/entry-reader.js';

/** The shortest interval between two throttles. */
const PERIOD_MS = 1000;

/**
 * Sends a THROTTLE (§4) to each ingester that sends entries: every second, or, if the throttle is longer than
 * 500 ms, at intervals of twice its length. So no ingester is stopped for more than half of the time.
 *
 * @param milliseconds how long each THROTTLE lasts.
 * @param readers returns the readers of all hot connections.
 * @returns a function that ends it.
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
