import * as Plot from '@observablehq/plot';
import type { Figure, PlotOptions } from '../page/page.js';
import { GROUND, MUTED, TEXT } from './colours.js';
import { valueAxis } from './value-axis.js';

/** One of several that are compared, and how much its measurements differ. */
export interface Spread {
  readonly name: string;
  readonly colour: string;
  readonly value: number;
  /** `undefined`: it is not known. */
  readonly low: number | undefined;
  readonly high: number | undefined;
  /** Its measurements, one by one. */
  readonly points: readonly number[];
  /** Beside its name. */
  readonly text: string;
}

export interface SpreadFigure {
  readonly label: string;
  readonly unit: string;
  readonly format: (value: number) => string;
  readonly spreads: readonly Spread[];
  /** What they are compared with. */
  readonly reference: { readonly value: number; readonly text: string };
}

const ROW = 46;

/** A row for each: a dot at its value, a line from low to high, small dots for its measurements. */
export function spreadFigure(figure: SpreadFigure): Figure {
  const { label, unit, format, spreads, reference } = figure;
  const values = spreads.flatMap(({ value, low, high, points }) => [
    ...[value, low ?? value, high ?? value],
    ...points,
  ]);
  const least = Math.min(reference.value, ...values);
  const most = Math.max(reference.value, ...values);
  const margin = (most - least || most || 1) * 0.06;
  const points = spreads.flatMap(({ points: all, name, colour }) =>
    all.map((value) => ({ name, colour, value })),
  );
  const domain = [least - margin, most + margin] as const;
  const draw = (width: number): PlotOptions => {
    const { x, grid } = valueAxis(width, { domain, unit, format });
    return {
      height: spreads.length * ROW + 66,
      marginLeft: 10,
      marginRight: 14,
      marginTop: 30,
      marginBottom: 36,
      x,
      y: { type: 'point', domain: spreads.map(({ name }) => name), axis: null, padding: 0.6 },
      marks: [
        grid,
        Plot.ruleX([reference.value], { stroke: TEXT, strokeOpacity: 0.6, strokeDasharray: '4 4' }),
        Plot.text([reference], {
          x: 'value',
          text: 'text',
          frameAnchor: 'top',
          dy: -16,
          fill: TEXT,
        }),
        Plot.dot(points, { x: 'value', y: 'name', r: 2.5, fill: 'colour', fillOpacity: 0.4 }),
        Plot.link(
          spreads.filter(({ low, high }) => low !== undefined && high !== undefined),
          {
            x1: 'low',
            x2: 'high',
            y1: 'name',
            y2: 'name',
            stroke: 'colour',
            strokeWidth: 5,
            strokeOpacity: 0.42,
            strokeLinecap: 'round',
          },
        ),
        Plot.dot(spreads, {
          x: 'value',
          y: 'name',
          r: 6,
          fill: 'colour',
          stroke: GROUND,
          strokeWidth: 2,
          title: ({ name, text }: Spread) => `${name}: ${text}`,
        }),
        Plot.text(spreads, {
          frameAnchor: 'left',
          y: 'name',
          text: ({ name, text }: Spread) => `${name} · ${text}`,
          textAnchor: 'start',
          dy: -16,
          fill: MUTED,
          stroke: GROUND,
          strokeWidth: 4,
        }),
      ],
    };
  };
  return { label, draw };
}
