/** The first page. A line `<!-- PAGE: HEADING -->` in it stands for the section of a page with this heading. */
const TEMPLATE = 'site/home.md';
const SECTION = /^<!-- ([\w./-]+): (.+) -->$/gm;
const FEATURES = /^features: README.md$/m;

/**
 * Makes the first page of what is written elsewhere.
 * @param read returns a file of the repository with the links of the site, by its path
 */
export function makeHome(read: (source: string) => string): string {
  return read(TEMPLATE)
    .replace(FEATURES, () => `features:\n${featuresOf(read('README.md'))}`)
    .replaceAll(SECTION, (_, source: string, heading: string) =>
      sectionOf(read(source), heading, source),
    );
}

/** The first list of a page, as YAML: the bold words of an item are its title. */
function featuresOf(text: string): string {
  const items = [...text.matchAll(/^- \*\*(.+?)\.?\*\* ((?:.|\n(?= {2}))+)/gm)].slice(0, 4);
  return items
    .map(([, title = '', details = '']) => {
      const html = details.replaceAll(/\s+/g, ' ').replaceAll(/`([^`]+)`/g, '<code>$1</code>');
      return `  - title: ${JSON.stringify(title.replaceAll('`', ''))}\n    details: ${JSON.stringify(html)}`;
    })
    .join('\n');
}

/** What stands below a heading, to the next one of its level or above. */
function sectionOf(text: string, heading: string, source: string): string {
  const lines = text.split('\n');
  const from = lines.findIndex(
    (line) => /^##+ /.test(line) && line.replace(/^#+ /, '') === heading,
  );
  if (from === -1) throw new Error(`${source} has no section '${heading}'`);
  const level = /^#+/.exec(lines[from] ?? '')?.[0].length ?? 0;
  let isCode = false;
  const length = lines.slice(from + 1).findIndex((line) => {
    if (line.startsWith('```')) isCode = !isCode;
    if (isCode) return false;
    const [mark = ''] = /^#+(?= )/.exec(line) ?? [];
    return mark.length > 0 && mark.length <= level;
  });
  return lines
    .slice(from + 1, length === -1 ? undefined : from + 1 + length)
    .join('\n')
    .trim();
}
