import type { LoadReport } from '../../load/load-report.js';
import { seriesColour } from '../figures/colours.js';
import { measured, milliseconds, percent, seconds, whole } from '../figures/format.js';
import { timeFigure } from '../figures/time-figure.js';
import type { LegendItem, Section, Table } from '../page/page.js';
import type { LaneSample, Recording } from './recording.js';
import { type FullSample, fullSamples, ofLane, shares, thinned } from './series.js';

const MAX_ROWS = 60;

/** Where entries went, how full rings were, and how long indexers took; nothing where that is not known. */
export function laneSections(
  { seconds: duration, lanes }: Pick<LoadReport, 'seconds' | 'lanes'>,
  { samples, otherLanes }: Recording,
): Section[] {
  const full = fullSamples(samples);
  const names = laneNames(full.at(-1)?.muxer.lanes ?? [], otherLanes);
  if (names.length === 0) return [];
  const legend = names.map((name, i): LegendItem => ({ name, colour: seriesColour(i) }));
  const series = (pointsOf: (lane: number) => ReturnType<typeof ofLane>) =>
    names.map((name, i) => ({ name, colour: seriesColour(i), points: pointsOf(i) }));
  const numbers = (of: (lane: LaneSample) => number) => series((i) => ofLane(full, i, of));
  const all = lanes.reduce((sum, { entries }) => sum + entries, 0);
  const rest = otherLanes === 0 ? '' : ` Lanes from the ${names.length}th on are together.`;
  const acks = numbers(({ ackMs }) => ackMs).map((one) => ({
    ...one,
    points: one.points.filter(({ value }) => value > 0),
  }));
  return [
    {
      title: 'Shares of the lanes',
      text: `Of all that was confirmed, how much came from each connection.${rest}`,
      legend,
      figures: [
        timeFigure({
          label: `Shares of ${names.length} lanes over time`,
          unit: 'share of the entries',
          format: percent,
          seconds: duration,
          greatest: 1,
          isStacked: true,
          series: series((i) => shares(full, i)),
        }),
      ],
      table: {
        caption: 'Lanes over the whole load',
        head: ['lane', 'entries', 'share', 'reconnects'],
        rows: lanes.map(({ target, entries, reconnects }) => [
          target,
          whole(entries),
          percent(all === 0 ? 0 : entries / all),
          whole(reconnects),
        ]),
      },
    },
    {
      title: 'Fill of the rings',
      text:
        'Of the shared memory of each lane, how much holds entries that are not confirmed. A ring that is ' +
        `full makes writers wait.${rest}`,
      legend,
      figures: [
        timeFigure({
          label: `Fill of ${names.length} rings over time`,
          unit: 'of the ring',
          format: percent,
          seconds: duration,
          greatest: 1,
          series: numbers(({ fill }) => fill),
        }),
      ],
      table: laneTable('Fill of each ring', names, full, ({ fill }) => percent(fill)),
    },
    ...(acks.some(({ points }) => points.length > 0)
      ? [
          {
            title: 'Confirmation times of the lanes',
            text: `The moving average by which the balancer chooses, from sending to confirmation.${rest}`,
            legend,
            figures: [
              timeFigure({
                label: `Confirmation times of ${names.length} lanes over time`,
                unit: 'milliseconds',
                format: measured,
                seconds: duration,
                isLogarithmic: true,
                series: acks,
              }),
            ],
            table: laneTable('Confirmation time of each lane', names, full, ({ ackMs }) =>
              ackMs === 0 ? '–' : milliseconds(ackMs),
            ),
          },
        ]
      : []),
  ];
}

/** Lanes to one indexer have numbers. Where others are together, those are the last. */
function laneNames(lanes: readonly LaneSample[], others: number): string[] {
  const isAlone = new Set(lanes.map(({ target }) => target)).size === lanes.length;
  const areTogether = (i: number) => others > 0 && i === lanes.length - 1;
  return lanes.map(({ target }, i) => (isAlone || areTogether(i) ? target : `${target} #${i + 1}`));
}

function laneTable(
  caption: string,
  names: readonly string[],
  samples: readonly FullSample[],
  cell: (lane: LaneSample) => string,
): Table {
  return {
    caption,
    head: ['after', ...names],
    rows: thinned(samples, MAX_ROWS).map((sample) => [
      seconds(sample.seconds),
      ...sample.muxer.lanes.map(cell),
    ]),
  };
}
