import type { RecordableHistogram } from 'node:perf_hooks';

/** From when entries were due to their confirmation, or to their arrival, in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What a histogram of microseconds has, which begins anew; `undefined`: nothing. */
export function takeLatency(latencies: RecordableHistogram): Latency | undefined {
  if (latencies.count === 0) return undefined;
  const latency = {
    p50: latencies.percentile(50) / 1000,
    p99: latencies.percentile(99) / 1000,
    max: latencies.max / 1000,
  };
  latencies.reset();
  return latency;
}

/** Of several streams or reports, the one that was worst. */
export function worstLatency(
  one: Latency | undefined,
  other: Latency | undefined,
): Latency | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return {
    p50: Math.max(one.p50, other.p50),
    p99: Math.max(one.p99, other.p99),
    max: Math.max(one.max, other.max),
  };
}
