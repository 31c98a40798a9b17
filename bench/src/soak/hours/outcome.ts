import type { StreamsAccount } from './arrivals/account.js';
import type { PartCounts } from './parts/part.js';
import type { Growth } from './record/growth.js';
import type { FaultRecord, ProcessSample, TotalSample } from './record/samples.js';

/** What became of a part's entries. */
export interface PartOutcome extends StreamsAccount {
  readonly name: string;
  readonly description: string;
  readonly counts: PartCounts;
  /** How many entries at most may have arrived twice by what was counted. */
  readonly mayRepeat: number;
  /** The longest time without a confirmation, in seconds; see `longestSilence`. */
  readonly silentSeconds: number;
}

/** What came of a run. */
export interface SoakOutcome {
  readonly seed: number;
  /** How long entries were written, and until everything was confirmed. */
  readonly seconds: number;
  readonly parts: readonly PartOutcome[];
  /** Indexers, by their names. */
  readonly indexers: readonly string[];
  /** Further processes of parts. */
  readonly others: readonly { readonly name: string; readonly part: string }[];
  /** Entries that arrived and are none of a soak. */
  readonly foreign: number;
  readonly growth: readonly Growth[];
  /** What went wrong while it ran. */
  readonly failures: readonly string[];
  readonly samples: readonly ProcessSample[];
  readonly totals: readonly TotalSample[];
  readonly faults: readonly FaultRecord[];
}

/** Everything that is wrong with a run; none: it is sound. */
export function problemsOf(outcome: SoakOutcome): string[] {
  const { failures, parts, foreign, growth } = outcome;
  return [
    ...failures,
    ...parts.flatMap(problemsOfPart),
    ...(foreign > 0 ? [`${foreign} entries arrived that are none of the soak`] : []),
    ...growth
      .filter(({ verdict }) => verdict === 'leak')
      .map(({ name, metric }) => `${name}: its ${metric} grows`),
  ];
}

/** What that means, in a sentence without its end. */
export function verdictOf(outcome: SoakOutcome): string {
  const problems = problemsOf(outcome);
  if (problems.length > 0) return problems.join('; ');
  const isJudged = outcome.growth.some(({ verdict }) => verdict !== 'short');
  const growth = isJudged ? 'nothing leaks' : 'it was too short to tell what leaks';
  return `Nothing was lost or altered, every duplicate was counted, and ${growth}`;
}

function problemsOfPart(part: PartOutcome): string[] {
  const { name, lost, altered, unsent, duplicates, mayRepeat, examples } = part;
  const which = examples.length === 0 ? '' : `, such as ${examples.join(', ')} (stream:number)`;
  return [
    ...(lost > 0 ? [`${name}: ${lost} entries were lost${which}`] : []),
    ...(altered > 0 ? [`${name}: ${altered} entries were altered${which}`] : []),
    ...(unsent > 0 ? [`${name}: ${unsent} entries arrived that were never sent`] : []),
    ...(duplicates > mayRepeat
      ? [`${name}: ${duplicates} entries arrived twice, and only ${mayRepeat} were counted`]
      : []),
  ];
}
