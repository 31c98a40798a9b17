import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { makeHome } from './home.js';
import { relink, type SitePaths } from './links.js';
import { type Page, REPOSITORY, readPages } from './pages.js';

/** What of a page of the repository means nothing on the site. */
const GENERATED_MARK = /^<!-- (generated: .*|end of what is generated) -->\n/gm;

const read = (source: string) => readFileSync(join(REPOSITORY, source), 'utf8');

/** Writes the pages of the repository into a folder, as VitePress expects them. */
export function stagePages(folder: string): void {
  const { groups, inner } = readPages();
  const pages: readonly Page[] = [...groups.flatMap((group) => group.pages), ...inner];
  const paths: SitePaths = new Map([
    ['README.md', 'index.md'],
    ...pages.map(({ source, path }): [string, string] => [source, path]),
  ]);
  const files = new Set<string>();
  const onFile = (source: string) => {
    files.add(source);
    return pathOfFile(source);
  };
  const write = (path: string, text: string) => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  };
  for (const { source, path } of pages) {
    const text = relink(read(source), source, paths, onFile);
    write(path, text.replaceAll(GENERATED_MARK, ''));
  }
  write(
    'index.md',
    makeHome((source) => relink(read(source), source, paths, onFile)),
  );
  for (const source of files) {
    const path = pathOfFile(source);
    if (path === source) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      copyFileSync(join(REPOSITORY, source), join(folder, path));
    } else write(path, pageOfFile(source));
  }
}

const isPicture = (source: string) => ['.svg', '.png'].includes(extname(source));

/** A picture stays a file, and a text becomes a page. */
function pathOfFile(source: string): string {
  return isPicture(source) ? source : `files/${source.replaceAll('.', '-')}.md`;
}

function pageOfFile(source: string): string {
  const fence = `${'`'.repeat(4)}`;
  const code = `${fence}${extname(source).slice(1)}\n${read(source).trimEnd()}\n${fence}\n`;
  return `---\nsearch: false\neditLink: false\n---\n\n# ${source}\n\n${code}`;
}
