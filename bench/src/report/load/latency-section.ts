import type { LoadReport } from '../../load/load-report.js';
import { seriesColour } from '../figures/colours.js';
import { measured, milliseconds } from '../figures/format.js';
import { percentileFigure } from '../figures/percentile-figure.js';
import type { Section } from '../page/page.js';

type Latencies = Pick<
  LoadReport,
  'latencyMs' | 'writtenLateMs' | 'ackLatencyMs' | 'distributionMs'
>;

/** How long entries took. */
export function latencySection(report: Latencies): Section[] {
  const { distributionMs } = report;
  const isPaced = distributionMs !== undefined;
  const { p50, p90, p99, max } = report.ackLatencyMs;
  const acks = [
    { percent: 50, value: p50 },
    { percent: 90, value: p90 },
    { percent: 99, value: p99 },
  ];
  // Nothing was confirmed.
  if ((isPaced ? (report.latencyMs?.max ?? 0) : max) <= 0) return [];
  const pointsOf = (of: 'latency' | 'lateness') =>
    (distributionMs ?? []).map((point) => ({ percent: point.percent, value: point[of] }));
  const series = isPaced
    ? [
        {
          name: 'due → confirmed',
          colour: seriesColour(0),
          points: pointsOf('latency'),
          isNamed: true,
        },
        {
          name: 'due → written',
          colour: seriesColour(1),
          points: pointsOf('lateness'),
          isNamed: false,
        },
      ]
    : [{ name: 'sent → confirmed', colour: seriesColour(0), points: acks, isNamed: true }];
  const [first] = series;
  const said = (first?.points ?? [])
    .filter(({ percent }) => [50, 90, 99, 99.9, 99.99].includes(percent))
    .map(({ percent, value }) => `p${percent} ${milliseconds(value)}`);
  const greatest = isPaced ? report.latencyMs?.max : max;
  return [
    {
      title: 'Latency',
      text: isPaced
        ? 'From the moment an entry was due, whether or not it could be written then, to its ' +
          'confirmation; and how much of that had passed before it was written. Each nine takes as much ' +
          `room as the one before. The greatest was ${milliseconds(greatest ?? 0)}.`
        : 'From sending a batch to its confirmation. At full speed that is how long the queue is: with ' +
          `a rate, latency is measured. The greatest was ${milliseconds(greatest ?? 0)}.`,
      legend: series.map(({ name, colour }) => ({ name, colour, shape: 'line' })),
      figures: [percentileFigure(`Latency by percentile: ${said.join(', ')}`, series)],
      table: {
        caption: 'Milliseconds that so many percent did not exceed',
        head: ['percent', ...series.map(({ name }) => name)],
        rows: (first?.points ?? []).map(({ percent }, i) => [
          `${percent}`,
          ...series.map(({ points }) => measured(points[i]?.value ?? 0)),
        ]),
      },
    },
  ];
}
