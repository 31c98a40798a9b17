import type { LoadReport } from '../../load/load-report.js';
import { BAD, seriesColour } from '../figures/colours.js';
import { compact, seconds, whole } from '../figures/format.js';
import { type Series, timeFigure } from '../figures/time-figure.js';
import type { Section, Table } from '../page/page.js';
import { FAULT_COLOURS } from './fault-colours.js';
import type { RecordedEvent, Recording, Sample } from './recording.js';
import { fullSamples, growth, steps, thinned } from './series.js';

const SMOOTH_OVER = 5;
const MAX_ROWS = 60;

type Rated = Pick<LoadReport, 'entries' | 'seconds' | 'faults'>;

/** Moments of one kind. */
interface Marks {
  readonly name: string;
  readonly colour: string;
  readonly moments: readonly { readonly seconds: number; readonly text: string }[];
}

/** How fast a load was at any time, and what happened to it. */
export function rateSection(report: Rated, recording: Recording): Section {
  const { samples } = recording;
  const { faults = [], seconds: duration } = report;
  const full = fullSamples(samples);
  const isFull = full.length > 0;
  const count = ({ muxer, written }: Sample) => muxer?.confirmed ?? written;
  const what = isFull ? 'confirmed' : 'written';
  const points = growth(samples, count);
  const average = report.entries / duration;
  const isAnySentAgain = (full.at(-1)?.muxer.resent ?? 0) > 0;
  const series: Series[] = [{ name: `entries/s ${what}`, colour: seriesColour(0), points }];
  if (isAnySentAgain) {
    const resent = growth(full, ({ muxer }) => muxer.resent);
    series.push({ name: 'entries/s sent again', colour: seriesColour(3), points: resent });
  }
  const marks = marksOf(report, recording);
  return {
    title: 'Rate over time',
    text:
      `Entries a second that were ${what}: as they were seen, and a mean over ${SMOOTH_OVER} looks.` +
      (faults.length === 0 ? '' : ' Shaded: a fault at one of the indexers.'),
    legend: [
      ...series.map(({ name, colour }) => ({ name, colour, shape: 'line' }) as const),
      ...marks.map(({ name, colour }) => ({ name, colour, shape: 'triangle' }) as const),
    ],
    figures: [
      timeFigure({
        label:
          `Entries a second over ${seconds(duration)}: ${whole(average)} on average, ` +
          `${whole(Math.max(0, ...points.map(({ value }) => value)))} at most`,
        unit: 'entries/s',
        format: compact,
        seconds: duration,
        smoothOver: SMOOTH_OVER,
        series,
        level: { value: average, text: `${compact(average)} on average` },
        spans: faults.map(({ atMs, forMs, fault, target }) => ({
          from: atMs / 1000,
          to: Math.min((atMs + forMs) / 1000, duration),
          colour: FAULT_COLOURS[fault],
          text: `${target}: ${fault}`,
        })),
        moments: marks
          .flatMap(({ colour, moments }) => moments.map((moment) => ({ ...moment, colour })))
          .filter((moment) => moment.seconds <= duration),
      }),
    ],
    table: rateTable(thinned(samples, MAX_ROWS), count, what),
  };
}

/** Kinds of which there are any. Faults are no moments: they last. */
function marksOf({ faults }: Rated, { samples, events }: Recording): Marks[] {
  const ofKind = (wanted: RecordedEvent['kind']) => events.filter(({ kind }) => kind === wanted);
  const reconnects = steps(fullSamples(samples), (muxer) => muxer.reconnects);
  const all: Marks[] = [
    {
      name: 'the ingester was killed',
      colour: seriesColour(1),
      moments: faults === undefined ? ofKind('fault') : [],
    },
    { name: 'a connection was lost', colour: BAD, moments: ofKind('lost connection') },
    {
      name: 'connected again',
      colour: seriesColour(2),
      moments: reconnects.map(({ seconds: at, by }) => ({
        seconds: at,
        text: `${by} connected again`,
      })),
    },
  ];
  return all.filter(({ moments }) => moments.length > 0);
}

/** The rate of each row is that since the row before. */
function rateTable(
  samples: readonly Sample[],
  count: (sample: Sample) => number,
  what: string,
): Table {
  const isFull = samples.some(({ muxer }) => muxer !== undefined);
  const rates = growth(samples, count);
  return {
    caption: `What was ${what} by then`,
    head: ['after', 'entries/s', what, ...(isFull ? ['sent again', 'reconnects'] : [])],
    rows: samples
      .slice(1)
      .map((sample, i) => [
        seconds(sample.seconds),
        whole(rates[i]?.value ?? 0),
        whole(count(sample)),
        ...(isFull ? [whole(sample.muxer?.resent ?? 0), whole(sample.muxer?.reconnects ?? 0)] : []),
      ]),
  };
}
