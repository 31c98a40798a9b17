import type { MuxerConfiguration } from '@ringest/core';

/** What is looked for: most entries a second, or least processor time and latency at a given rate. */
export const GOALS = ['throughput', 'cost'] as const;

export type Goal = (typeof GOALS)[number];

/** How entries are written: by `writeEntry`, by `writeBatch`, or as lines to a line writer. */
export const PATHS = ['entry', 'batch', 'lines'] as const;

export type Path = (typeof PATHS)[number];

/** What a candidate is made of. */
export interface TuneConfiguration {
  /** Threads; never more than there are lanes. */
  readonly workers: number;
  /** Connections to each indexer. */
  readonly connections: number;
  /** Bytes of the ring of each connection. */
  readonly ringBytes: number;
  readonly path: Path;
  /** Entries to a `writeBatch`; 0 with any other path. */
  readonly batch: number;
}

/** The machine that was measured. */
export interface TuneMachine {
  readonly processors: number;
  /** What the system calls them. */
  readonly model: string;
  readonly memoryBytes: number;
  readonly platform: string;
  /** The release of Node.js. */
  readonly node: string;
}

/** One run of one candidate, whose counts were right. */
export interface TuneRound {
  /** The name of the candidate. */
  readonly candidate: string;
  /** 0: the first one, which has the most candidates. */
  readonly rung: number;
  /** The pass over all candidates of the rung, from 0. Rounds of one pass are compared with each other. */
  readonly round: number;
  readonly entriesPerSecond: number;
  /** Processor seconds of the ingester's process for a million entries. */
  readonly processorSecondsPerMillion: number;
  /**
   * 99th percentile in milliseconds. Goal `cost`: from the moment an entry was due to its
   * confirmation. Goal `throughput`: from sending to confirmation.
   */
  readonly p99Ms: number;
}

/** A candidate, and what all of its rounds say. */
export interface TuneCandidate {
  readonly name: string;
  /** It is what the others are compared with. */
  readonly isDefault: boolean;
  readonly configuration: TuneConfiguration;
  /** How many rounds it had. */
  readonly rounds: number;
  /** In the unit of the report, of all rounds. */
  readonly median: number;
  /** A quarter of the rounds had less. */
  readonly low: number;
  /** A quarter of the rounds had more. */
  readonly high: number;
  /** The medians of all rounds. */
  readonly entriesPerSecond: number;
  readonly processorSecondsPerMillion: number;
  readonly p99Ms: number;
  /**
   * How many times as good it was as the default configuration in the same pass, whatever the goal:
   * over 1 is better. Of candidates in the last rung, only its rounds count.
   */
  readonly ratioToDefault: number;
  /** Confidence interval of this ratio; `null`: the rounds are too few to have one. */
  readonly ratioLow: number | null;
  readonly ratioHigh: number | null;
  /** The last rung that it was in. */
  readonly rung: number;
}

/** How sure a recommendation is. */
export interface TuneCertainty {
  /** Whether what is recommended was better than the default configuration beyond noise. */
  readonly isBetter: boolean;
  /** Of the intervals of the last rung, all of them together: 0.95. */
  readonly confidence: number;
  /** The same in a sentence. */
  readonly text: string;
}

/** What the tuner found: the last line of `pnpm tune --json`. */
export interface TuneReport {
  readonly kind: 'tune';
  /** When it began, in ISO 8601. */
  readonly startedAt: string;
  readonly seed: number;
  readonly goal: Goal;
  /** Entries a second that were written; `null`: as many as were confirmed. */
  readonly rate: number | null;
  /**
   * Of `median`, `low` and `high`. `entries/s`: more is better. `cost`: the geometric mean of the
   * processor seconds for a million entries and of the latency in milliseconds; less is better.
   */
  readonly unit: 'entries/s' | 'cost';
  readonly machine: TuneMachine;
  /** Addresses of the indexers. */
  readonly targets: readonly string[];
  /** They were started by the tuner, on the same machine. */
  readonly isEmbedded: boolean;
  readonly entryBytes: number;
  readonly content: string;
  /** Configurations that the space has; not all need have been tried. */
  readonly spaceSize: number;
  /** Milliseconds that all of it took. */
  readonly elapsedMs: number;
  /** In the order in which they ran. */
  readonly rounds: readonly TuneRound[];
  /** The best first. */
  readonly candidates: readonly TuneCandidate[];
  /** The name of a candidate. */
  readonly recommended: string;
  readonly sure: TuneCertainty;
  /** What is recommended, as fields of the configuration of a muxer. */
  readonly muxer: Pick<MuxerConfiguration, 'connectionsPerTarget' | 'workers' | 'ringBytes'>;
  /** The same as flags of `load`, for the same indexers; without the secret. */
  readonly loadFlags: readonly string[];
}
