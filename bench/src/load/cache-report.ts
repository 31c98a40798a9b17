import type { CacheMode, MuxerStats } from '@ringest/core';

/** What a cache did with entries, since its muxer was started. */
export interface CacheCounts {
  /** Brought back from the cache. */
  readonly replayedEntries: number;
  /** Of those, entries that an earlier muxer had left. */
  readonly recoveredEntries: number;
  /** Never sent, for want of room. */
  readonly droppedEntries: number;
  /** Set aside, because the disk did not keep them as they were. */
  readonly damagedEntries: number;
}

export const NO_COUNTS: CacheCounts = {
  replayedEntries: 0,
  recoveredEntries: 0,
  droppedEntries: 0,
  damagedEntries: 0,
};

/** The cache at the end of a load. */
export interface CacheReport extends CacheCounts {
  readonly mode: CacheMode;
  /** Of all segments that are left on disk. */
  readonly bytes: number;
}

/** The counts among a muxer's statistics. */
export function cacheCounts({ cache }: MuxerStats): CacheCounts {
  if (cache === undefined) return NO_COUNTS;
  const { replayedEntries, recoveredEntries, droppedEntries, damagedEntries } = cache;
  return { replayedEntries, recoveredEntries, droppedEntries, damagedEntries };
}

/** Those of several muxers, one after the other. */
export function sumOfCounts(counts: readonly CacheCounts[]): CacheCounts {
  const sum = (count: keyof CacheCounts) => counts.reduce((all, one) => all + one[count], 0);
  return {
    replayedEntries: sum('replayedEntries'),
    recoveredEntries: sum('recoveredEntries'),
    droppedEntries: sum('droppedEntries'),
    damagedEntries: sum('damagedEntries'),
  };
}
