import type { TuneRound } from './tune-report.js';

/** What a tuner is about to do. */
export interface TunePlan {
  /** Configurations that are tried, the default included, and those that there are. */
  readonly tried: number;
  readonly spaceSize: number;
  /** How many were left out because their rings would take too much of the memory. */
  readonly tooLarge: number;
  readonly rungs: number;
  readonly rounds: number;
  /** What a round took just now, in milliseconds. */
  readonly roundMs: number;
}

/** How far it is. */
export interface TuneProgress {
  readonly rung: number;
  readonly round: TuneRound;
  /** Rounds that are done, and all that are planned. */
  readonly done: number;
  readonly planned: number;
  /** Milliseconds that the rest may take. */
  readonly leftMs: number;
}

/** Who watches a tuner. */
export interface TuneObserver {
  planned(plan: TunePlan): void;
  measured(progress: TuneProgress): void;
  /** A connection was lost in a round, or the like. */
  problem(what: string): void;
}
