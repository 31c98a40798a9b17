import * as Plot from '@observablehq/plot';
import type { Figure, PlotOptions } from '../page/page.js';
import { GROUND, MUTED, TEXT } from './colours.js';
import { valueAxis } from './value-axis.js';

/** A bar, of one part or of several. */
export interface Bar {
  readonly name: string;
  readonly parts: readonly BarPart[];
  /** At its end. */
  readonly text: string;
  /** What it could be at most: a mark. */
  readonly ceiling?: number;
}

export interface BarPart {
  readonly name: string;
  readonly colour: string;
  readonly value: number;
}

export interface BarFigure {
  readonly label: string;
  /** What they are all about, such as the size of entries. */
  readonly heading: string | undefined;
  readonly unit: string;
  readonly format: (value: number) => string;
  readonly bars: readonly Bar[];
  /** The end of the axis, where several figures share it. */
  readonly greatest?: number;
}

const ROW = 44;
/** Room for the text at the end of a bar. */
const TEXT_ROOM = 1.24;

/** Bars that lie, each with its name above: names may be long where there is little room. */
export function barFigure(figure: BarFigure): Figure {
  const { heading, label, unit, format, bars } = figure;
  const lengths = bars.map(({ parts }) => parts.reduce((sum, { value }) => sum + value, 0));
  const greatest =
    (figure.greatest ?? Math.max(...lengths, ...bars.map(({ ceiling = 0 }) => ceiling))) || 1;
  const parts = bars.flatMap((bar) => bar.parts.map((part) => ({ ...part, bar: bar.name })));
  const ends = bars.map(({ name, text, ceiling }, i) => ({
    ...{ bar: name, text, ceiling },
    length: lengths[i] ?? 0,
  }));
  const draw = (width: number): PlotOptions => {
    const room = greatest * (width < 500 ? TEXT_ROOM * 1.28 : TEXT_ROOM);
    const { x, grid } = valueAxis(width, { domain: [0, room], unit, format });
    return {
      height: bars.length * ROW + 56,
      marginLeft: 14,
      marginRight: 18,
      marginTop: 20,
      marginBottom: 36,
      x,
      y: { type: 'band', domain: bars.map(({ name }) => name), axis: null, padding: 0.5 },
      marks: [
        grid,
        Plot.barX(
          parts,
          Plot.stackX({
            x: 'value',
            y: 'bar',
            fill: 'colour',
            order: null,
            insetRight: 1,
            rx: 3,
            title: ({ name, value }: BarPart) => `${name}: ${format(value)}`,
          }),
        ),
        Plot.tickX(
          ends.filter(({ ceiling }) => ceiling !== undefined),
          { x: 'ceiling', y: 'bar', stroke: TEXT, strokeWidth: 2, inset: -5 },
        ),
        Plot.text(ends, {
          x: 'length',
          y: 'bar',
          text: 'text',
          textAnchor: 'start',
          dx: 7,
          fill: TEXT,
          fontWeight: 600,
          stroke: GROUND,
          strokeWidth: 5,
        }),
        Plot.text(ends, {
          x: 0,
          y: 'bar',
          text: 'bar',
          textAnchor: 'start',
          dy: -19,
          fill: MUTED,
        }),
        Plot.ruleX([0], { stroke: MUTED, strokeOpacity: 0.6 }),
      ],
    };
  };
  return { ...(heading !== undefined && { heading }), label, draw };
}
