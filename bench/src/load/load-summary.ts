import type { MuxerStats } from '@ringest/core';
import { cacheCounts } from './cache-report.js';
import type { LatencyLog } from './latency-log.js';
import type { LoadOptions } from './load-options.js';
import type { LoadReport } from './load-report.js';
import { judge } from './requirements.js';

/** What a muxer's statistics say of a load when all of it is confirmed. */
export function summarize(
  { compression: compressionAsked, requirements }: LoadOptions,
  stats: MuxerStats,
  latencies: LatencyLog | undefined,
  spent: Pick<LoadReport, 'entries' | 'bytes' | 'seconds' | 'cpuSeconds'>,
): LoadReport {
  const { entries, bytes, seconds, cpuSeconds } = spent;
  const entriesPerSecond = entries / seconds;
  const verdicts = judge(requirements, {
    entriesPerSecond,
    bitsPerSecond: (bytes * 8) / seconds,
    percentile: (percent) => latencies?.percentile(percent) ?? Number.NaN,
  });
  return {
    entries,
    bytes,
    seconds,
    entriesPerSecond,
    megabytesPerSecond: bytes / seconds / 1e6,
    transports: [...new Set(stats.lanes.map(({ target }) => target.split('://', 1)[0] as string))],
    compressionAsked,
    compression: agreed(stats),
    wireBytes: stats.wireBytes,
    cpuSeconds,
    maxRssBytes: process.resourceUsage().maxRSS * 1024,
    ackLatencyMs: stats.ackLatencyMs,
    ...(latencies && {
      latencyMs: latencies.latency,
      writtenLateMs: latencies.lateness,
      distributionMs: latencies.distribution,
    }),
    ...(verdicts.length > 0 && { requirements: verdicts }),
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
