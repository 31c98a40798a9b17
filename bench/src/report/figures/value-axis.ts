import * as Plot from '@observablehq/plot';
import { GRID } from './colours.js';

export interface ValueAxis {
  readonly domain: readonly [least: number, most: number];
  readonly unit: string;
  readonly format: (value: number) => string;
}

/**
 * The horizontal axis of values, and its grid.
 * @param width of the drawing, in pixels
 */
export function valueAxis(width: number, { domain, unit, format }: ValueAxis) {
  const ticks = width < 500 ? 4 : 6;
  return {
    x: {
      domain,
      label: unit,
      labelArrow: 'none',
      labelAnchor: 'left',
      ticks,
      tickFormat: format,
      tickSize: 0,
    },
    grid: Plot.gridX({ stroke: GRID, strokeOpacity: 1, ticks }),
  } as const;
}
