import type { SentStream } from '../arrivals/account.js';
import type { Place, PlannedFault, Struck } from '../faults.js';
import type { SoakProcess } from '../processes/soak-process.js';
import type { Scene } from '../scene.js';
import type { Latency } from './latency.js';

/** How far a part is, over all lives of its process. */
export interface PartCounts {
  readonly written: number;
  /** Where nobody says which entries are confirmed: those that have arrived. */
  readonly confirmed: number;
  readonly resent: number;
  readonly reconnects: number;
  /** Connections that may ingest now. */
  readonly hot: number;
  /** Entries that wait on disk. */
  readonly cached: number;
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
  /** How many of them may ingest when all is well. */
  readonly connections: number;
  /** What it has sent in each stream. */
  readonly sent: readonly SentStream[];
  /** How many entries at most may have arrived twice by what the part and the product count. */
  readonly mayRepeat: number;
  /** Since the last call; `undefined`: nothing was confirmed, or it is not known. */
  takeLatency(): Latency | undefined;
  /** Has a fault, and is well again when this resolves. The signal ends the fault early. */
  suffer(planned: PlannedFault, signal: AbortSignal): Promise<readonly Struck[]>;
  /**
   * Writes no more, waits until everything is confirmed, and ends its process in order.
   * @param deadline nobody waits for it any longer
   * @throws whatever keeps it from that
   */
  finish(deadline: AbortSignal): Promise<void>;
  /** Ends its process at once, and gives everything back. */
  stop(): Promise<void>;
}

/**
 * Starts a part, whose process begins to write at once; `undefined`: this machine lacks something for it, which it has told the scene.
 */
export type StartPart = (scene: Scene) => Promise<Part | undefined>;
