import type { Lane } from '@ringest/workers';

/** Bytes a millisecond that a lane is taken to confirm until it has shown what it can. */
const PRESUMED_RATE = 65536;

/** The lanes that entries may go to: those that are hot, or all of them while none is. */
export function openLanes(lanes: readonly Lane[]): readonly Lane[] {
  const hot = lanes.filter((lane) => lane.isHot);
  return hot.length > 0 ? hot : lanes;
}

/**
 * Picks the lane of the next batch: the open one that is expected to confirm it first,
 * `(unconfirmed bytes + batch) / rate + ack latency`.
 *
 * @param passedOver lanes that were found to have no room
 */
export function pickLane(
  lanes: readonly Lane[],
  batchBytes: number,
  passedOver?: ReadonlySet<Lane>,
): Lane | undefined {
  let best: Lane | undefined;
  let bestTime = Number.POSITIVE_INFINITY;
  for (const lane of openLanes(lanes)) {
    if (passedOver?.has(lane)) continue;
    const time = (lane.writer.fill() + batchBytes) / (lane.rate || PRESUMED_RATE) + lane.ackLatency;
    if (time < bestTime) {
      best = lane;
      bestTime = time;
    }
  }
  return best;
}
