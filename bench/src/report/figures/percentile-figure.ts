import * as Plot from '@observablehq/plot';
import type { Figure, PlotOptions } from '../page/page.js';
import { GRID, GROUND, MUTED } from './colours.js';
import { measured } from './format.js';
import { logTicks } from './ticks.js';

/** What so many percent of all did not exceed. */
export interface PercentilePoint {
  /** Below 100. */
  readonly percent: number;
  /** Milliseconds. */
  readonly value: number;
}

export interface PercentileSeries {
  readonly name: string;
  readonly colour: string;
  readonly points: readonly PercentilePoint[];
  /** Its values are written beside it. */
  readonly isNamed: boolean;
}

const NAMED = [50, 90, 99, 99.9, 99.99, 99.999];

/** How far to the right a percentage is: each nine takes as much room as the one before. */
const nines = (percent: number) => -Math.log10(1 - percent / 100);

/** A distribution by its percentiles, both axes logarithmic: the rare cases have room. */
export function percentileFigure(label: string, series: readonly PercentileSeries[]): Figure {
  const rows = series
    .flatMap(({ name, colour, points, isNamed }) =>
      points.map((point) => ({ ...point, name, colour, isNamed, x: nines(point.percent) })),
    )
    .filter(({ value }) => value > 0);
  const last = Math.max(...rows.map(({ x }) => x), nines(99));
  const named = NAMED.filter((percent) => nines(percent) <= last + 1e-9);
  const values = rows.map(({ value }) => value);
  const [least, most] = [Math.min(...values) / 1.5, Math.max(...values) * 1.8];
  const ticks = logTicks(least, most);
  const marked = rows.filter(({ isNamed, percent }) => isNamed && named.includes(percent));
  const draw = (width: number): PlotOptions => ({
    height: 280,
    marginLeft: 52,
    marginRight: width < 500 ? 26 : 44,
    marginTop: 28,
    marginBottom: 34,
    x: {
      domain: [0, last],
      ticks: [...(width < 500 ? [] : [0]), ...named.map(nines)],
      tickFormat: (x: number) => (x === 0 ? '0' : `p${named.find((one) => nines(one) === x)}`),
      label: null,
      tickSize: 0,
    },
    y: {
      type: 'log',
      domain: [least, most],
      label: 'milliseconds',
      labelArrow: 'none',
      ticks,
      tickFormat: (value: number) => measured(value),
      tickSize: 0,
    },
    marks: [
      Plot.gridY({ stroke: GRID, strokeOpacity: 1, ticks }),
      Plot.ruleX(named.map(nines), { stroke: GRID }),
      Plot.line(rows, {
        x: 'x',
        y: 'value',
        z: 'name',
        stroke: 'colour',
        strokeWidth: 2.2,
        curve: 'monotone-x',
      }),
      Plot.dot(marked, { x: 'x', y: 'value', fill: 'colour', stroke: GROUND, r: 4 }),
      Plot.text(marked, {
        x: 'x',
        y: 'value',
        text: ({ value }: PercentilePoint) => measured(value),
        dy: -13,
        fontWeight: 600,
        fill: 'colour',
        stroke: GROUND,
        strokeWidth: 4,
      }),
      Plot.frame({ anchor: 'bottom', stroke: MUTED, strokeOpacity: 0.6 }),
    ],
  });
  return { label, draw };
}
