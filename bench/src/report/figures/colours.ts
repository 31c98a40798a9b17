/** Colours of the style sheet, which has others in the dark and on paper. */
const SERIES = 8;

/** The colour of one of several series, by its place among them. */
export function seriesColour(index: number): string {
  return `var(--series-${(index % SERIES) + 1})`;
}

export const GRID = 'var(--grid)';
export const MUTED = 'var(--muted)';
export const TEXT = 'var(--text)';
export const BAD = 'var(--bad)';
export const GOOD = 'var(--good)';
/** Behind what must be read. */
export const GROUND = 'var(--card)';
