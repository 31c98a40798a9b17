import { existsSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { REPOSITORY } from './pages.js';

/** Where the files of the repository are in the site, by their path. */
export type SitePaths = ReadonlyMap<string, string>;

/** A file that a page links to, and that is no page itself. */
export type OnFile = (source: string) => string;

/**
 * Makes links between files of the repository links between pages of the site.
 * @param source the path of the page in the repository
 * @param onFile returns the path in the site of a file that is no page
 * @throws when a link leads nowhere
 */
export function relink(text: string, source: string, paths: SitePaths, onFile: OnFile): string {
  const from = paths.get(source) ?? 'index.md';
  return text
    .split(/(^```.*?^```$)/ms)
    .map((part, index) => {
      if (index % 2 === 1) return part;
      return part
        .replace(/\]\(([^)\s]+)\)/g, (_, link: string) => `](${moved(link)})`)
        .replace(/\bsrc="([^"]+)"/g, (_, link: string) => `src="${moved(link)}"`);
    })
    .join('');

  function moved(link: string): string {
    if (/^(\w+:|#|\/)/.test(link)) return link;
    const [path = '', anchor] = link.split('#');
    const target = fileOf(posix.join(posix.dirname(source), path), `${source}: ${link}`);
    const place = paths.get(target) ?? onFile(target);
    const relative = posix.relative(posix.dirname(from), place);
    const near = relative.startsWith('.') ? relative : `./${relative}`;
    return anchor === undefined ? near : `${near}#${anchor}`;
  }
}

/** The file that a link means: a folder is its README. */
function fileOf(path: string, link: string): string {
  const file = join(REPOSITORY, path);
  if (!existsSync(file)) throw new Error(`${link} leads nowhere`);
  return statSync(file).isDirectory() ? fileOf(posix.join(path, 'README.md'), link) : path;
}
