import type { Lane } from '@ringest/workers';

/** Bytes a millisecond that a lane is taken to confirm until it has shown what it can. */
const PRESUMED_RATE = 65536;

/**
 * Picks the lane of the next batch: the one that is expected to confirm it first,
 * `(unconfirmed bytes + batch) / rate + ack latency`. While any lane is hot, others are out; while
 * none is, entries wait in the ring of whichever would be done first.
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
  let bestIsHot = false;
  for (let i = 0; i < lanes.length; i++) {
    const lane = lanes[i] as Lane;
    const { isHot } = lane;
    if ((bestIsHot && !isHot) || passedOver?.has(lane)) continue;
    const time = (lane.writer.fill() + batchBytes) / (lane.rate || PRESUMED_RATE) + lane.ackLatency;
    if (time < bestTime || (isHot && !bestIsHot)) {
      best = lane;
      bestTime = time;
      bestIsHot = isHot;
    }
  }
  return best;
}
