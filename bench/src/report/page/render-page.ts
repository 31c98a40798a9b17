import { drawSvg } from './draw-svg.js';
import { escapeText, jsonScript } from './markup.js';
import type { Figure, LegendItem, Page, Section, Table, Tile } from './page.js';
import { STYLE } from './style.js';

/** Widths that figures are drawn for, in pixels: style sheets choose one of them. */
const WIDTHS = { wide: 860, narrow: 340 };

/** What a browser may load for a page: nothing. Its own style it may use. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'";

/** A page as one file of HTML that needs nothing else: no network, and no JavaScript. */
export function renderPage(page: Page): string {
  const { title, headline, lede, verdict, circumstances, tiles, sections, data } = page;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="${escapeText(POLICY)}">
<meta name="color-scheme" content="light dark">
<title>${escapeText(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<p class="kicker">${escapeText(title)}</p>
<h1>${escapeText(headline)}</h1>
<p class="lede">${escapeText(lede)}</p>
${verdict === undefined ? '' : `<p class="verdict ${verdict.isGood ? 'good' : 'bad'}">${escapeText(verdict.text)}</p>`}
<dl class="tiles">${tiles.map(tile).join('')}</dl>
</header>
<main>
${sections.map(section).join('\n')}
</main>
<footer>
<dl>${circumstances.map(([name, text]) => `<div><dt>${escapeText(name)}</dt><dd>${escapeText(text)}</dd></div>`).join('')}</dl>
</footer>
${jsonScript('data', data)}
</body>
</html>
`;
}

function tile({ name, value, note }: Tile): string {
  const small = note === undefined ? '' : `<small>${escapeText(note)}</small>`;
  return `<div><dt>${escapeText(name)}</dt><dd>${escapeText(value)}${small}</dd></div>`;
}

function section(part: Section, index: number): string {
  const { title, text, legend = [], figures = [], table, isTableOpen = false } = part;
  const id = `section-${index + 1}`;
  const drawings = figures.map((figure) => drawing(figure, legend)).join('');
  const list = tableOf(table);
  return `<section aria-labelledby="${id}">
<h2 id="${id}">${escapeText(title)}</h2>
<p>${escapeText(text)}</p>
${legendOf(legend)}${drawings}
${isTableOpen ? list : `<details><summary>${figures.length === 0 ? 'Show the table' : 'The same as a table'}</summary>${list}</details>`}
</section>`;
}

function legendOf(items: readonly LegendItem[]): string {
  if (items.length === 0) return '';
  const item = ({ name, colour, shape = 'area' }: LegendItem) =>
    `<li><i class="${shape}" style="--colour:${escapeText(colour)}"></i>${escapeText(name)}</li>`;
  return `<ul class="legend">${items.map(item).join('')}</ul>`;
}

function drawing({ heading, label, draw }: Figure, legend: readonly LegendItem[]): string {
  const describe =
    legend.length === 0 ? '' : `. Colours: ${legend.map(({ name }) => name).join(', ')}`;
  const svgs = Object.entries(WIDTHS).map(
    ([name, width]) =>
      `<div class="${name}">${drawSvg(draw(width), width, label + describe)}</div>`,
  );
  const title = heading === undefined ? '' : `<h3>${escapeText(heading)}</h3>`;
  return `<div class="figure">${title}${svgs.join('')}</div>`;
}

function tableOf({ caption, head, rows, isText = false }: Table): string {
  const cell = (text: string, i: number) =>
    i === 0 ? `<th scope="row">${escapeText(text)}</th>` : `<td>${escapeText(text)}</td>`;
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escapeText(caption)}"><table${isText ? ' class="text"' : ''}>
<caption>${escapeText(caption)}</caption>
<thead><tr>${head.map((name) => `<th scope="col">${escapeText(name)}</th>`).join('')}</tr></thead>
<tbody>${rows.map((row) => `<tr>${row.map(cell).join('')}</tr>`).join('\n')}</tbody>
</table></div>`;
}
