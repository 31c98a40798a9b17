import * as Plot from '@observablehq/plot';
import type { Figure, PlotOptions } from '../page/page.js';
import { GRID, MUTED, TEXT } from './colours.js';
import { logTicks } from './ticks.js';

/** A value at a time. */
export interface Point {
  /** From the start. */
  readonly seconds: number;
  readonly value: number;
}

export interface Series {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly Point[];
}

/** Something that happened, or went on for a while. */
export interface Span {
  readonly from: number;
  readonly to: number;
  readonly colour: string;
  readonly text: string;
}

/** What is drawn over time. */
export interface TimeFigure {
  readonly label: string;
  /** Of the vertical axis. */
  readonly unit: string;
  readonly format: (value: number) => string;
  /** The end of the time axis, which all figures of a page share. */
  readonly seconds: number;
  readonly series: readonly Series[];
  /** One series above the other, or each from the same base. Default: each by itself. */
  readonly isStacked?: boolean;
  /** The greatest value of the axis, where it has one. */
  readonly greatest?: number;
  readonly isLogarithmic?: boolean;
  /** Points over which a line is smoothed; what was measured stays visible behind it. */
  readonly smoothOver?: number;
  /** A level to compare with. */
  readonly level?: { readonly value: number; readonly text: string };
  /** Behind the series. */
  readonly spans?: readonly Span[];
  /** Moments along the lower edge. */
  readonly moments?: readonly {
    readonly seconds: number;
    readonly colour: string;
    readonly text: string;
  }[];
}

const HEIGHT = 240;
const isNarrow = (width: number) => width < 500;

/** One or several values over time. */
export function timeFigure(figure: TimeFigure): Figure {
  return { label: figure.label, draw: (width) => options(figure, width) };
}

function options(figure: TimeFigure, width: number): PlotOptions {
  const { unit, format, seconds, greatest, isLogarithmic = false, level } = figure;
  const values = figure.series.flatMap(({ points }) => points.map(({ value }) => value));
  // Where there is nothing, there is an axis all the same.
  const most = greatest ?? (Math.max(level?.value ?? 0, ...values) * 1.08 || 1);
  const least = isLogarithmic ? Math.min(...values.filter((value) => value > 0), most) / 1.3 : 0;
  const ticks = isLogarithmic ? logTicks(least, most) : 5;
  return {
    height: HEIGHT,
    marginLeft: 52,
    marginRight: 14,
    marginTop: 26,
    marginBottom: 34,
    x: timeAxis(seconds, width),
    y: {
      label: unit,
      labelArrow: 'none',
      domain: [least, most],
      type: isLogarithmic ? 'log' : 'linear',
      ticks,
      tickFormat: format,
      tickSize: 0,
    },
    marks: [
      ...spanMarks(figure, least, most),
      Plot.gridY({ stroke: GRID, strokeOpacity: 1, ticks }),
      ...seriesMarks(figure, least),
      ...levelMarks(figure),
      ...momentMarks(figure, least),
      Plot.ruleY([least], { stroke: MUTED, strokeOpacity: 0.6 }),
    ],
  };
}

/** The same for all figures of a page, so that they can be read one below the other. */
export function timeAxis(seconds: number, width: number) {
  return {
    type: 'linear',
    domain: [0, Math.max(seconds, 0.001)],
    label: null,
    ticks: isNarrow(width) ? 4 : 8,
    tickFormat: (value: number) => `${Number(value.toFixed(3))} s`,
    tickSize: 0,
  } as const;
}

function spanMarks({ spans = [] }: TimeFigure, least: number, most: number) {
  return [
    Plot.rect(spans, {
      x1: 'from',
      x2: 'to',
      y1: least,
      y2: most,
      fill: (span: Span) => span.colour,
      fillOpacity: 0.13,
      title: 'text',
    }),
  ];
}

function seriesMarks(figure: TimeFigure, least: number) {
  const { series, isStacked = false, smoothOver = 1 } = figure;
  const rows = series.flatMap(({ name, colour, points }) =>
    points.map((point) => ({ ...point, name, colour })),
  );
  const place = { x: 'seconds', y: 'value', z: 'name' } as const;
  if (isStacked) {
    return [
      Plot.areaY(rows, Plot.stackY({ ...place, fill: 'colour', fillOpacity: 0.82, order: null })),
    ];
  }
  const isOne = series.length === 1;
  const area = isOne
    ? [Plot.areaY(rows, { ...place, y1: least, y2: 'value', fill: 'colour', fillOpacity: 0.12 })]
    : [];
  const line = { ...place, stroke: 'colour', curve: 'monotone-x', strokeWidth: 2 } as const;
  if (smoothOver === 1)
    return [...area, Plot.lineY(rows, { ...line, strokeWidth: isOne ? 2 : 1.6 })];
  return [
    ...area,
    Plot.lineY(rows, { ...line, strokeWidth: 1, strokeOpacity: 0.35 }),
    Plot.lineY(rows, Plot.windowY({ k: smoothOver, anchor: 'middle' }, line)),
  ];
}

function levelMarks({ level, seconds }: TimeFigure) {
  if (level === undefined) return [];
  return [
    Plot.ruleY([level.value], { stroke: TEXT, strokeOpacity: 0.55, strokeDasharray: '4 4' }),
    Plot.text([level], {
      x: seconds,
      y: 'value',
      text: 'text',
      textAnchor: 'end',
      dy: -8,
      fill: TEXT,
      stroke: 'var(--card)',
      strokeWidth: 4,
    }),
  ];
}

function momentMarks({ moments = [] }: TimeFigure, least: number) {
  return [
    Plot.dot(moments, {
      x: 'seconds',
      y: least,
      dy: -6,
      symbol: 'triangle',
      r: 4,
      fill: 'colour',
      stroke: 'var(--card)',
      title: 'text',
    }),
  ];
}
