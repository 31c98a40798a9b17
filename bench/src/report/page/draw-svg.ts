import { plot } from '@observablehq/plot';
import { parseHTML } from 'linkedom';
import { escapeText } from './markup.js';
import type { PlotOptions } from './page.js';

/** Observable Plot makes elements of a document; this one is in memory. */
const { document } = parseHTML('<!doctype html><html lang="en"><body></body></html>');

/**
 * A figure as the text of an SVG element.
 * @param label what those hear who cannot see it
 */
export function drawSvg(options: PlotOptions, width: number, label: string): string {
  const element: { readonly outerHTML: string } = plot({
    ...options,
    document,
    width,
    className: 'plot',
    style: { fontSize: '12px' },
  });
  const start = `<svg role="img" aria-label="${escapeText(label)}" `;
  // A function, since a dollar sign in a text would mean something.
  return element.outerHTML.replace(/^<svg /, () => start);
}
