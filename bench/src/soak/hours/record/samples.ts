import type { Fault, Struck } from '../faults.js';
import type { Latency } from '../parts/latency.js';
import type { PartCounts } from '../parts/part.js';
import type { SelfReport } from '../processes/self-watch.js';

/** A process as it was at one moment. */
export interface ProcessSample {
  /** From the start of the run. */
  readonly seconds: number;
  readonly name: string;
  /** Another one: another life. */
  readonly pid: number;
  readonly rssBytes: number;
  readonly descriptors: number;
  readonly threads: number;
  /** Since the sample before; missing where the process said nothing, as while it stands still. */
  readonly self?: SelfReport;
  /** Of a part: since the start of the run. */
  readonly counts?: PartCounts;
  /** Of a part: since the sample before. */
  readonly latencyMs?: Latency;
}

/** All together at one moment, since the start of the run. */
export interface TotalSample {
  readonly seconds: number;
  /** Entries that have arrived, each counted once. */
  readonly arrived: number;
  readonly duplicates: number;
}

/** A fault that came, and is over. */
export interface FaultRecord {
  /** From the start of the run. */
  readonly seconds: number;
  readonly forSeconds: number;
  /** Where it came to, by the plan. */
  readonly place: string;
  readonly fault: Fault;
  /** The processes that it came to. */
  readonly struck: readonly Struck[];
}
