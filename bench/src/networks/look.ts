import type { LaneStatus, SenderStatus } from './sender.js';

/** How it goes at a moment. */
export interface Look {
  /** What those who answer say, by their hosts. */
  readonly statuses: ReadonlyMap<string, SenderStatus>;
  /** Every sender answers, and has all of its connections. */
  readonly isConnected: boolean;
  /** Every sender answers, and has no more entries unconfirmed than what comes in half a second. */
  readonly isCaughtUp: boolean;
  /** Every sender answers, and has all confirmed that it was ever given. */
  readonly isDone: boolean;
}

/** Connections to an indexer by its first name, by their senders. */
export function lanesTo(host: string, { statuses }: Look): ReadonlyMap<string, LaneStatus> {
  return new Map(
    [...statuses].flatMap(([sender, { lanes }]) => {
      const lane = lanes.find(({ target }) => target.includes(`${host}:`));
      return lane === undefined ? [] : [[sender, lane] as const];
    }),
  );
}

/** Who has a cache that cannot store. */
export function troublesOf({ statuses }: Look): string[] {
  const caches = [...statuses].map(([sender, { cache }]) => ({ sender, trouble: cache?.trouble }));
  return caches.flatMap(({ sender, trouble }) => (typeof trouble === 'string' ? [sender] : []));
}

/** Whether there is at least one, and each has more of something than before. */
export function haveMore(
  before: ReadonlyMap<string, LaneStatus>,
  after: ReadonlyMap<string, LaneStatus>,
  countOf: (lane: LaneStatus) => number,
): boolean {
  if (before.size === 0) return false;
  return [...before].every(([sender, lane]) => {
    const now = after.get(sender);
    return now !== undefined && countOf(now) > countOf(lane);
  });
}

/**
 * An entry arrives once more if a connection was lost on which it was sent, and not confirmed: then the indexer may have stored
 * it already. Its sender counts that, also where the indexer was killed. What a cache has from an earlier process may have been
 * sent by that.
 */
export function repeatsOf(statuses: ReadonlyMap<string, SenderStatus>): number {
  let repeats = 0;
  for (const { lanes, cache } of statuses.values()) {
    for (const { resentEntries } of lanes) repeats += resentEntries;
    repeats += cache?.recoveredEntries ?? 0;
  }
  return repeats;
}

/** What keeps senders from connecting. */
export function lastErrors({ statuses }: Look): string {
  const lanes = [...statuses.values()].flatMap(({ lanes }) => lanes);
  const others = lanes.filter(({ state }) => state !== 'hot');
  return others
    .map(({ target, state, lastError }) => `${target} ${state}, ${lastError}`)
    .join('; ');
}
