import type { SentStream } from '../arrivals/account.js';
import type { Place, PlannedFault } from '../faults.js';
import type { SoakProcess } from '../processes/soak-process.js';
import type { Scene } from '../scene.js';

/** How far a part is, over all lives of its process. */
export interface PartCounts {
  readonly written: number;
  readonly confirmed: number;
  readonly resent: number;
  readonly reconnects: number;
  /** Connections that may ingest now. */
  readonly hot: number;
  /** Entries that wait on disk. */
  readonly cached: number;
}

/** From when entries were due to their confirmation, in milliseconds. */
export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/**
 * Something that ingests in a process of its own. It numbers its entries from 0 on in each of its streams, and goes on
 * whatever comes to it or to the indexers.
 */
export interface Part extends Place {
  /** What it is. */
  readonly description: string;
  /** The process that runs now. */
  readonly process: SoakProcess;
  /** Others that run now, by their names: what they are like is recorded as well. */
  readonly others?: ReadonlyMap<string, SoakProcess>;
  readonly counts: PartCounts;
  /** What it has sent in each stream. */
  readonly sent: readonly SentStream[];
  /** How many entries at most may have arrived twice by what the part and the product count. */
  readonly mayRepeat: number;
  /** Since the last call; `undefined`: nothing was confirmed, or it is not known. */
  takeLatency(): Latency | undefined;
  /** Has a fault, and is well again when this resolves. The signal ends the fault early. */
  suffer(planned: PlannedFault, signal: AbortSignal): Promise<void>;
  /**
   * Writes no more, waits until everything is confirmed, and ends its process in order.
   * @throws the signal's reason, or whatever keeps it from that
   */
  finish(signal: AbortSignal): Promise<void>;
  /** Ends its process at once, and gives everything back. */
  stop(): Promise<void>;
}

/**
 * Starts a part, whose process begins to write at once; `undefined`: this machine lacks something for it, which it has told.
 */
export type StartPart = (scene: Scene) => Promise<Part | undefined>;
