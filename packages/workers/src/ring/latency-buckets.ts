import { TWO_32 } from '@ringest/codec';
import { Control } from './memory-layout.js';

/** The upper bounds of the buckets, in microseconds. What is above the last one is in one bucket more. */
export const LATENCY_BOUNDS = [
  50, 100, 250, 500, 1000, 2500, 5000, 10_000, 25_000, 50_000, 100_000, 250_000, 500_000, 1_000_000,
  2_500_000, 5_000_000, 10_000_000,
] as const;

const BUCKETS = LATENCY_BOUNDS.length + 1;

/** Latencies by their buckets. */
export interface BucketCounts {
  /** How many are in each bucket, and in none before it; the last one has no upper bound. */
  readonly counts: number[];
  /** The sum of all latencies, in microseconds. */
  sum: number;
}

/** Counts of no latency. */
export function noLatencies(): BucketCounts {
  return { counts: new Array<number>(BUCKETS).fill(0), sum: 0 };
}

/** Adds counts to others. */
export function addLatencies(to: BucketCounts, { counts, sum }: BucketCounts): void {
  for (let bucket = 0; bucket < BUCKETS; bucket++) {
    to.counts[bucket] = (to.counts[bucket] ?? 0) + (counts[bucket] ?? 0);
  }
  to.sum += sum;
}

/** Counts a latency. Only one thread does so at a time. */
export function countLatency(control: Int32Array, micros: number): void {
  let bucket = 0;
  while (bucket < LATENCY_BOUNDS.length && micros > (LATENCY_BOUNDS[bucket] as number)) bucket++;
  add(control, Control.latencyCounts + 2 * bucket, 1);
  add(control, Control.latencySum, micros);
}

/** A snapshot, from any thread. The counts never go down, and may be ahead of the sum by a few. */
export function readLatencies(control: Int32Array): BucketCounts {
  const sum = read(control, Control.latencySum);
  const counts = LATENCY_BOUNDS.map((_, bucket) =>
    read(control, Control.latencyCounts + 2 * bucket),
  );
  counts.push(read(control, Control.latencyCounts + 2 * LATENCY_BOUNDS.length));
  return { counts, sum };
}

/** Adds to an unsigned 64-bit number, low word first. */
function add(control: Int32Array, at: number, more: number): void {
  const before = Atomics.add(control, at, more) >>> 0;
  if (before + more >= TWO_32) Atomics.add(control, at + 1, Math.floor((before + more) / TWO_32));
}

function read(control: Int32Array, at: number): number {
  for (;;) {
    const high = Atomics.load(control, at + 1) >>> 0;
    const low = Atomics.load(control, at) >>> 0;
    if (Atomics.load(control, at + 1) >>> 0 === high) return high * TWO_32 + low;
  }
}
