import type { SoakOutcome } from '../../soak/hours/outcome.js';
import { worstLatency } from '../../soak/hours/parts/latency.js';
import { mergeSelf } from '../../soak/hours/processes/self-watch.js';
import type { FaultRecord, ProcessSample } from '../../soak/hours/record/samples.js';
import { seriesColour } from '../figures/colours.js';
import { binaryBytes, compact, measured, milliseconds, seconds, whole } from '../figures/format.js';
import { type Point, type Series, type Span, timeFigure } from '../figures/time-figure.js';
import { thinned } from '../load/series.js';
import type { Figure, Section } from '../page/page.js';
import { SOAK_FAULT_COLOURS } from './fault-colours.js';

/** Moments that are drawn, faults that are drawn, and rows of a table. */
const MAX_POINTS = 300;
const MAX_SPANS = 150;
const MAX_ROWS = 40;

/** The charts of one process. */
export function processSection(
  name: string,
  description: string,
  outcome: SoakOutcome,
): Section | undefined {
  const all = outcome.samples.filter((sample) => sample.name === name);
  if (all.length === 0) return undefined;
  const samples = condensed(all, MAX_POINTS);
  const faults = outcome.faults.filter(({ struck }) => struck.some((one) => one.name === name));
  const pids = new Set(all.map(({ pid }) => pid)).size;
  return {
    title: name,
    text: `${description}. ${lives(pids)}${faults.length === 0 ? '' : ` Shaded: the ${shown(faults.length)} that came to it.`}`,
    legend: LEGEND,
    figures: figuresOf(name, samples, spansOf(faults), outcome.seconds),
    table: {
      caption: `${name} over time`,
      head: [
        'after',
        'pid',
        'memory',
        'heap',
        'descriptors',
        'threads',
        'loop late, p99',
        'latency, p99',
      ],
      rows: condensed(all, MAX_ROWS).map(rowOf),
    },
  };
}

/** At most so many of them: each is the last of several, with the worst delays and latencies of all of these. */
function condensed(samples: readonly ProcessSample[], most: number): ProcessSample[] {
  const size = Math.ceil(samples.length / most);
  const stretches = Array.from({ length: Math.ceil(samples.length / size) }, (_, i) =>
    samples.slice(i * size, (i + 1) * size),
  );
  return stretches.map((stretch) => stretch.reduce(withPeaksOf));
}

function withPeaksOf(before: ProcessSample, sample: ProcessSample): ProcessSample {
  const self = sample.self === undefined ? before.self : mergeSelf(before.self, sample.self);
  const latencyMs = worstLatency(before.latencyMs, sample.latencyMs);
  return { ...sample, ...(self && { self }), ...(latencyMs && { latencyMs }) };
}

function lives(pids: number): string {
  return pids === 1 ? 'One process all the time.' : `${pids} processes, one after the other.`;
}

function shown(faults: number): string {
  return faults > MAX_SPANS ? `faults (${MAX_SPANS} of ${faults})` : `${faults} faults`;
}

function spansOf(faults: readonly FaultRecord[]): Span[] {
  return thinned(faults, MAX_SPANS).map(({ seconds: from, forSeconds, fault }) => ({
    ...{ from, to: from + forSeconds, colour: SOAK_FAULT_COLOURS[fault] },
    text: fault,
  }));
}

function rowOf(sample: ProcessSample): string[] {
  const { self, latencyMs } = sample;
  return [
    seconds(sample.seconds),
    `${sample.pid}`,
    binaryBytes(sample.rssBytes),
    self === undefined ? '–' : binaryBytes(self.heapBytes),
    whole(sample.descriptors),
    whole(sample.threads),
    self === undefined ? '–' : milliseconds(self.delayMs.p99),
    latencyMs === undefined ? '–' : milliseconds(latencyMs.p99),
  ];
}

function figuresOf(
  name: string,
  samples: readonly ProcessSample[],
  spans: readonly Span[],
  duration: number,
): Figure[] {
  const chart = (
    heading: string,
    unit: string,
    format: (value: number) => string,
    lines: readonly [name: string, of: (sample: ProcessSample) => number | undefined][],
    isLogarithmic = false,
  ): Figure[] => {
    const series = lines.flatMap(([line, of], i): Series[] => {
      const points = pointsOf(samples, of, isLogarithmic);
      return points.length === 0 ? [] : [{ name: line, colour: seriesColour(i), points }];
    });
    if (series.length === 0) return [];
    const most = series.map((one) => `${one.name} at most ${format(greatest(one.points))}`);
    const label = `${name}, ${heading.toLowerCase()}: ${most.join(', ')}`;
    const figure = timeFigure({
      label,
      unit,
      format,
      seconds: duration,
      series,
      spans,
      isLogarithmic,
    });
    return [{ ...figure, heading: `${heading}: ${series.map((one) => one.name).join(', ')}` }];
  };
  return [
    ...chart('Memory', 'MiB', measured, [
      ['resident', ({ rssBytes }) => rssBytes / 2 ** 20],
      ['heap', ({ self }) => self && self.heapBytes / 2 ** 20],
    ]),
    ...chart('Open', 'at a time', compact, [
      ['descriptors', ({ descriptors }) => descriptors],
      ['threads', ({ threads }) => threads],
    ]),
    ...chart('Connections', 'at a time', compact, [['may ingest', ({ counts }) => counts?.hot]]),
    ...(samples.some(({ counts }) => counts !== undefined && counts.cached > 0)
      ? chart('On disk', 'entries', compact, [['waiting', ({ counts }) => counts?.cached]])
      : []),
    ...chart(
      'Event loop late by',
      'ms',
      measured,
      [
        ['p99', ({ self }) => self?.delayMs.p99],
        ['most', ({ self }) => self?.delayMs.max],
      ],
      true,
    ),
    ...chart(
      'From due to confirmed, or arrived',
      'ms',
      measured,
      [
        ['median', ({ latencyMs }) => latencyMs?.p50],
        ['p99', ({ latencyMs }) => latencyMs?.p99],
      ],
      true,
    ),
  ];
}

const LEGEND = ['the first line that a heading names', 'the second'].map((name, i) => ({
  ...{ name, colour: seriesColour(i) },
  shape: 'line' as const,
}));

/** A logarithm has no zero. */
function pointsOf(
  samples: readonly ProcessSample[],
  of: (sample: ProcessSample) => number | undefined,
  isLogarithmic: boolean,
): Point[] {
  return samples.flatMap((sample) => {
    const value = of(sample);
    if (value === undefined || (isLogarithmic && value <= 0)) return [];
    return [{ seconds: sample.seconds, value }];
  });
}

function greatest(points: readonly Point[]): number {
  return points.reduce((most, { value }) => Math.max(most, value), 0);
}
