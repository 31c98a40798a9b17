import type { Goal, TuneReport, TuneRound } from './tune-report.js';

/** The figures of a round. */
type Figures = Pick<TuneRound, 'entriesPerSecond' | 'processorSecondsPerMillion' | 'p99Ms'>;

/** What a goal makes of the figures of a round. */
interface Measure {
  readonly unit: TuneReport['unit'];
  /** The figure that is shown, in `unit`. */
  valueOf(figures: Figures): number;
  /** The figure that candidates are compared by: the higher is the better. */
  scoreOf(figures: Figures): number;
}

/** Both count as much as each other: half the one makes up for twice the other. */
const costOf = ({ processorSecondsPerMillion, p99Ms }: Figures) =>
  Math.sqrt(processorSecondsPerMillion * p99Ms);

export const MEASURES: Readonly<Record<Goal, Measure>> = {
  throughput: {
    unit: 'entries/s',
    valueOf: ({ entriesPerSecond }) => entriesPerSecond,
    scoreOf: ({ entriesPerSecond }) => entriesPerSecond,
  },
  cost: { unit: 'cost', valueOf: costOf, scoreOf: (figures) => 1 / costOf(figures) },
};
