import type { StreamsAccount } from './arrivals/account.js';
import type { PartCounts } from './parts/part.js';
import type { Growth } from './record/growth.js';
import type { FaultRecord, ProcessSample, TotalSample } from './record/samples.js';
import type { Silence } from './record/silence.js';

/** What became of a part's entries. */
export interface PartOutcome extends StreamsAccount {
  readonly name: string;
  readonly description: string;
  readonly counts: PartCounts;
  /** How many entries at most may have arrived twice by what was counted. */
  readonly mayRepeat: number;
  /** Seconds from the last fault until all connections were there; `undefined`: they were not. */
  readonly connectedAfter: number | undefined;
  /** The longest time without a confirmation; see `longestSilence`. */
  readonly silence: Silence;
}

/** What came of a run. */
export interface SoakOutcome {
  readonly seed: number;
  /** Entries a second of each stream. */
  readonly rate: number;
  /** How long faults were to come. */
  readonly hours: number;
  /** How long they came. */
  readonly faultSeconds: number;
  /** It was ended before its time by somebody. */
  readonly isInterrupted: boolean;
  /** How long entries were written, and until everything was confirmed. */
  readonly seconds: number;
  /** What this machine lacked something for. */
  readonly leftOut: readonly string[];
  readonly parts: readonly PartOutcome[];
  /** Indexers, by their names. */
  readonly indexers: readonly string[];
  /** Further processes of parts. */
  readonly others: readonly { readonly name: string; readonly part: string }[];
  /** Entries that arrived and are none of a soak, or of no stream that was sent. */
  readonly foreign: number;
  readonly growth: readonly Growth[];
  /** What went wrong while it ran. */
  readonly failures: readonly string[];
  /** What the processes printed last to which that happened. */
  readonly lastLines: readonly { readonly name: string; readonly lines: readonly string[] }[];
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

/** What that means, in sentences without the end of the last one. */
export function verdictOf(outcome: SoakOutcome): string {
  const problems = problemsOf(outcome);
  const stopped = outcome.isInterrupted ? [`It was ${stoppedAfter(outcome)}`] : [];
  if (problems.length > 0) return [...stopped, ...problems].join('; ');
  const isJudged = outcome.growth.some(({ verdict }) => verdict !== 'short');
  const growth = isJudged ? 'nothing leaks' : 'it was too short to tell what leaks';
  const sound = `Nothing was lost or altered, every duplicate was counted, and ${growth}`;
  return [...stopped, sound].join('. ');
}

/** As `stopped after 1.0 of 24 hours`. */
function stoppedAfter({ faultSeconds, hours }: SoakOutcome): string {
  const ran = faultSeconds / 3600;
  return `stopped after ${ran < 0.1 ? ran.toFixed(4) : ran.toFixed(1)} of ${hours} hours`;
}

/** The command that has the same faults again. */
export function repeatCommand({ hours, seed, rate }: SoakOutcome): string {
  return `pnpm soak --hours ${hours} --seed ${seed} --rate ${rate}`;
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
