import type { LoadReport } from '../../load/load-report.js';
import { BAD, MUTED, seriesColour } from '../figures/colours.js';
import { compact, seconds, whole } from '../figures/format.js';
import { timeFigure } from '../figures/time-figure.js';
import type { Section } from '../page/page.js';
import { FAULT_COLOURS } from './fault-colours.js';
import type { Recording, Sample } from './recording.js';
import { fullSamples, growth, steps, thinned } from './series.js';

const SMOOTH_OVER = 5;
const MAX_ROWS = 60;

type Rated = Pick<LoadReport, 'entries' | 'seconds' | 'faults'>;

/** How fast a load was at any time, and what happened to it. */
export function rateSection(report: Rated, { samples, events }: Recording): Section {
  const isFull = samples.some(({ muxer }) => muxer !== undefined);
  const count = ({ muxer, written }: Sample) => muxer?.confirmed ?? written;
  const points = growth(samples, count);
  const full = fullSamples(samples);
  const resends = steps(full, ({ resent }) => resent);
  const reconnects = steps(full, ({ reconnects: times }) => times);
  const kills = report.faults === undefined ? events.filter(({ kind }) => kind === 'fault') : [];
  const losses = events.filter(({ kind }) => kind === 'lost connection');
  const average = report.entries / report.seconds;
  const what = isFull ? 'confirmed' : 'written';
  const marks = [
    ...kills.map(({ seconds: at, text }) => ({ seconds: at, text, colour: seriesColour(1) })),
    ...losses.map(({ seconds: at, text }) => ({ seconds: at, text, colour: BAD })),
    ...reconnects.map(({ seconds: at, by }) => ({
      seconds: at,
      text: `${by} connected again`,
      colour: seriesColour(2),
    })),
  ];
  const marksLegend = [
    ...(kills.length === 0
      ? []
      : [{ name: 'the ingester was killed', colour: seriesColour(1), shape: 'mark' } as const]),
    ...(losses.length === 0
      ? []
      : [{ name: 'a connection was lost', colour: BAD, shape: 'mark' } as const]),
    ...(reconnects.length === 0
      ? []
      : [{ name: 'connected again', colour: seriesColour(2), shape: 'mark' } as const]),
  ];
  const faults = report.faults ?? [];
  return {
    title: 'Rate over time',
    text:
      `Entries a second that were ${what}: as they were seen, and a mean over ${SMOOTH_OVER} looks.` +
      (faults.length === 0 ? '' : ' Shaded: a fault at one of the indexers.'),
    legend: [
      { name: `entries/s ${what}`, colour: seriesColour(0), shape: 'line' },
      ...(resends.length === 0
        ? []
        : [{ name: 'entries/s sent again', colour: seriesColour(3), shape: 'line' } as const]),
      ...marksLegend,
    ],
    figures: [
      timeFigure({
        label:
          `Entries a second over ${seconds(report.seconds)}: ${whole(average)} on average, ` +
          `${whole(Math.max(0, ...points.map(({ value }) => value)))} at most`,
        unit: 'entries/s',
        format: compact,
        seconds: report.seconds,
        smoothOver: SMOOTH_OVER,
        series: [
          { name: what, colour: seriesColour(0), points },
          ...(resends.length === 0
            ? []
            : [
                {
                  name: 'sent again',
                  colour: seriesColour(3),
                  points: growth(full, ({ muxer }) => muxer.resent),
                },
              ]),
        ],
        level: { value: average, text: `${compact(average)} on average` },
        spans: faults.map(({ atMs, forMs, fault, target }) => ({
          from: atMs / 1000,
          to: Math.min((atMs + forMs) / 1000, report.seconds),
          colour: FAULT_COLOURS[fault] ?? MUTED,
          text: `${target}: ${fault}`,
        })),
        moments: marks.filter(({ seconds: at }) => at <= report.seconds),
      }),
    ],
    table: {
      caption: `What was ${what} by then`,
      head: ['after', 'entries/s', what, ...(isFull ? ['sent again', 'reconnects'] : [])],
      rows: thinned(samples.slice(1), MAX_ROWS).map((sample) => [
        seconds(sample.seconds),
        whole(points[samples.indexOf(sample) - 1]?.value ?? 0),
        whole(count(sample)),
        ...(isFull ? [whole(sample.muxer?.resent ?? 0), whole(sample.muxer?.reconnects ?? 0)] : []),
      ]),
    },
  };
}
