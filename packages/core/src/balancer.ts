import { HALF_LIFE, type Lane } from '@ringest/workers';

/** Bytes a millisecond that a lane is taken to confirm until it has shown what it can. */
const PRESUMED_RATE = 65536;

/**
 * The lanes that entries may go to: those that are hot. While none is, entries may wait in the
 * rings of a single target; of several, nobody knows which one will be there first.
 */
export function openLanes(lanes: readonly Lane[]): readonly Lane[] {
  const hot = lanes.filter((lane) => lane.isHot);
  if (hot.length > 0) return hot;
  const target = lanes[0]?.endpoint.address;
  return lanes.every(({ endpoint }) => endpoint.address === target) ? lanes : [];
}

/**
 * Picks the lane of the next batch: the open one that is expected to confirm it first,
 * `(unconfirmed bytes + batch) / rate + ack latency`. Averages move only while a lane is used: for
 * one that has nothing to do they fade, so that it gets a batch now and then to show what it can.
 *
 * @param passedOver lanes that were found to have no room
 */
export function pickLane(
  lanes: readonly Lane[],
  batchBytes: number,
  passedOver?: ReadonlySet<Lane>,
): Lane | undefined {
  const now = performance.now();
  let best: Lane | undefined;
  let bestTime = Number.POSITIVE_INFINITY;
  for (const lane of openLanes(lanes)) {
    if (passedOver?.has(lane)) continue;
    const unconfirmed = lane.unconfirmedBytes();
    const expected = (unconfirmed + batchBytes) / (lane.rate || PRESUMED_RATE) + lane.ackLatency;
    const time = unconfirmed > 0 ? expected : expected * 0.5 ** ((now - lane.pickedAt) / HALF_LIFE);
    if (time < bestTime) {
      best = lane;
      bestTime = time;
    }
  }
  if (best !== undefined) best.pickedAt = now;
  return best;
}
