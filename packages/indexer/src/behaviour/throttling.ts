/** A connection that can be throttled. */
export interface Throttled {
  /** Sends THROTTLE (§4) if the ingester has sent entries since the last call. */
  throttleIfBusy(nanoseconds: number): void;
}

/** The shortest interval between two throttles. */
const PERIOD_MS = 1000;

/**
 * Sends a THROTTLE (§4) to each ingester that sends entries: every second, or, if the throttle is longer than
 * 500 ms, at intervals of twice its length. So no ingester is stopped for more than half of the time.
 *
 * @param milliseconds how long each THROTTLE lasts.
 * @param connections returns all hot connections.
 * @returns a function that ends it.
 */
export function startThrottling(
  milliseconds: number,
  connections: () => Iterable<Throttled>,
): () => void {
  const throttle = () => {
    for (const connection of connections())
      connection.throttleIfBusy(Math.round(milliseconds * 1e6));
  };
  const timer = setInterval(throttle, Math.max(PERIOD_MS, 2 * milliseconds));
  return () => clearInterval(timer);
}
