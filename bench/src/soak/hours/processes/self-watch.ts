import { type IntervalHistogram, monitorEventLoopDelay } from 'node:perf_hooks';

/** What a process says about itself, since it said so last. */
export interface SelfReport {
  readonly heapBytes: number;
  /** By how much timers of the event loop were late, in milliseconds. */
  readonly delayMs: { readonly p50: number; readonly p99: number; readonly max: number };
}

/** A timer of the event loop is looked at so often, in milliseconds: less is not seen. */
const RESOLUTION_MS = 10;

/** Measures the process that it is in. */
export class SelfWatch {
  readonly #delays: IntervalHistogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });

  constructor() {
    this.#delays.enable();
  }

  take(): SelfReport {
    const delays = this.#delays;
    const late = (nanoseconds: number) => Math.max(nanoseconds / 1e6 - RESOLUTION_MS, 0);
    const delayMs = {
      p50: late(delays.percentile(50)),
      p99: late(delays.percentile(99)),
      max: late(delays.max),
    };
    delays.reset();
    return { heapBytes: process.memoryUsage().heapUsed, delayMs };
  }
}

/** Of two reports one after the other: the heap as it is now, and the worst delays. */
export function mergeSelf(before: SelfReport | undefined, now: SelfReport): SelfReport {
  if (before === undefined) return now;
  const { heapBytes, delayMs } = now;
  const worst = (key: keyof SelfReport['delayMs']) => Math.max(before.delayMs[key], delayMs[key]);
  return { heapBytes, delayMs: { p50: worst('p50'), p99: worst('p99'), max: worst('max') } };
}
