import { createHistogram } from 'node:perf_hooks';
import { addLatencies, type Counter, type LaneRing, noLatencies } from '@ringest/workers';

/** What lanes had written, sent and confirmed that are removed: the sums of the muxer never go down. */
export class RemovedLanes {
  /** Entries that were written to them. */
  writtenEntries = 0;
  /** Bytes of the frames of those. */
  writtenBytes = 0;
  /** How many times they have connected again after their first connections. */
  reconnects = 0;
  /** The sum of each counter. */
  readonly counters: Record<Exclude<Counter, 'connects'>, number> = {
    sentEntries: 0,
    sentBytes: 0,
    confirmedEntries: 0,
    confirmedBytes: 0,
    resentEntries: 0,
    resentBytes: 0,
    wireBytes: 0,
  };
  /** Microseconds from hand-over to confirmation, as that of a lane. */
  readonly latency = createHistogram();
  /** The same by buckets. */
  readonly latencies = noLatencies();

  /** @param lane it is closed */
  add(lane: LaneRing): void {
    const { connects, ...counters } = lane.counters();
    this.writtenEntries += lane.writer.entries;
    this.writtenBytes += lane.writtenBytes;
    this.reconnects += Math.max(0, connects - 1);
    for (const [name, count] of Object.entries(counters)) {
      this.counters[name as keyof typeof counters] += count;
    }
    this.latency.add(lane.latency);
    addLatencies(this.latencies, lane.latencies());
  }
}
