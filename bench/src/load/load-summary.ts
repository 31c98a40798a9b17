import type { MuxerStats } from '@ringest/core';
import { cacheCounts } from './cache-report.js';
import type { LoadOptions } from './load-options.js';
import type { LoadReport } from './load-report.js';

/** What a muxer's statistics say of a load when all of it is confirmed. */
export function summarize(
  { compression: compressionAsked }: LoadOptions,
  stats: MuxerStats,
  spent: Pick<LoadReport, 'entries' | 'bytes' | 'seconds' | 'cpuSeconds'>,
): LoadReport {
  const { entries, bytes, seconds, cpuSeconds } = spent;
  return {
    entries,
    bytes,
    seconds,
    entriesPerSecond: entries / seconds,
    megabytesPerSecond: bytes / seconds / 1e6,
    transports: [...new Set(stats.lanes.map(({ target }) => target.split('://', 1)[0] as string))],
    compressionAsked,
    compression: agreed(stats),
    wireBytes: stats.wireBytes,
    cpuSeconds,
    maxRssBytes: process.resourceUsage().maxRSS * 1024,
    ackLatencyMs: stats.ackLatencyMs,
    lost: entries + cacheCounts(stats).recoveredEntries - stats.confirmedEntries,
    resent: stats.resentEntries,
    lanes: stats.lanes.map(({ target, confirmedEntries, reconnects, compression }) => ({
      target,
      entries: confirmedEntries,
      reconnects,
      ...(compression && { compression }),
    })),
  };
}

/** What the indexers that are connected have agreed to. */
function agreed({ lanes }: MuxerStats): LoadReport['compression'] {
  const [one, ...others] = new Set(lanes.flatMap(({ compression }) => compression ?? []));
  return others.length > 0 ? 'mixed' : (one ?? 'unknown');
}
