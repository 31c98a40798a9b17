import * as Plot from '@observablehq/plot';
import type { Figure, PlotOptions } from '../page/page.js';
import { GRID, GROUND, MUTED } from './colours.js';
import { type Span, timeAxis } from './time-figure.js';

/** What went on at each of several places, one below the other. */
export interface LanesFigure {
  readonly label: string;
  readonly seconds: number;
  /** Places without anything are shown too. */
  readonly places: readonly string[];
  readonly spans: readonly (Span & { readonly place: string })[];
}

/** Of a place, with its name above. */
const ROW = 52;
/** Pixels that a letter takes. */
const LETTER = 6.6;

/** Spans of time by place. */
export function lanesFigure({ label, seconds, places, spans }: LanesFigure): Figure {
  const draw = (width: number): PlotOptions => {
    const pixels = (width - 66) / Math.max(seconds, 0.001);
    const fits = ({ from, to, text }: Span) => (to - from) * pixels > text.length * LETTER + 8;
    return {
      height: places.length * ROW + 40,
      marginLeft: 52,
      marginRight: 14,
      marginTop: 8,
      marginBottom: 32,
      x: timeAxis(seconds, width),
      y: { type: 'band', domain: places, label: null, axis: null, padding: 0.36 },
      marks: [
        Plot.gridX({ stroke: GRID, strokeOpacity: 1, ticks: width < 500 ? 4 : 8 }),
        Plot.barX(
          places.map((place) => ({ place })),
          { x1: 0, x2: seconds, y: 'place', fill: MUTED, fillOpacity: 0.1, rx: 5 },
        ),
        Plot.barX(spans, {
          x1: 'from',
          x2: 'to',
          y: 'place',
          fill: 'colour',
          rx: 3,
          title: 'text',
        }),
        Plot.text(
          spans.filter((span) => fits(span)),
          {
            x: (span: Span) => (span.from + span.to) / 2,
            y: 'place',
            text: 'text',
            fill: GROUND,
            fontWeight: 600,
            fontSize: 11,
          },
        ),
        Plot.text(places, {
          x: 0,
          y: (place: string) => place,
          text: (place: string) => place,
          textAnchor: 'start',
          dy: -22,
          fill: MUTED,
          fontSize: 11,
        }),
      ],
    };
  };
  return { label, draw };
}
