import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, posix } from 'node:path';

/** What a page loads by itself, rather than when a reader follows a link. */
const LOADED =
  /<(?:script|img|iframe|source|video)\b[^>]*\bsrc="([^"]+)"|<link\b[^>]*\bhref="([^"]+)"/g;
const LINK = /<a\b[^>]*\bhref="([^"]+)"/g;
const IN_STYLE = /(?:url\(|@import\s+)["']?([^"')]+)/g;
const REMOTE = /^(?:\w+:)?\/\//;

/**
 * Checks a finished site: every link leads to a page and to a place on it, and no page loads anything from
 * elsewhere.
 * @returns what is wrong, in sentences
 */
export function checkSite(folder: string): string[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const texts = new Map(
    files
      .filter((file) => /\.(html|css)$/.test(file))
      .map((file) => [file, readFileSync(join(folder, file), 'utf8')]),
  );
  const ids = new Map<string, Set<string>>();
  const idsOf = (file: string) => {
    const known = ids.get(file);
    if (known !== undefined) return known;
    const found = new Set(
      [...(texts.get(file) ?? '').matchAll(/\bid="([^"]+)"/g)].map(([, id = '']) => id),
    );
    ids.set(file, found);
    return found;
  };
  return [...texts].flatMap(([file, text]) => {
    if (file.endsWith('.css')) {
      const remote = matchesOf(text, IN_STYLE).filter((url) => REMOTE.test(url));
      return remote.map((url) => `${file} loads ${url}`);
    }
    const loaded = matchesOf(text, LOADED);
    const remote = loaded.filter((url) => REMOTE.test(url));
    const links = [...matchesOf(text, LINK), ...loaded].filter((url) => !/^\w+:|^\/\//.test(url));
    const dead = links.filter((link) => !leadsSomewhere(file, decodeURI(link)));
    return [
      ...remote.map((url) => `${file} loads ${url}`),
      ...[...new Set(dead)].map((link) => `${file} links to ${link}, which is not there`),
    ];
  });

  function leadsSomewhere(from: string, link: string): boolean {
    const [path = '', id] = link.split('#');
    const target =
      path === '' ? from : posix.join(path.startsWith('/') ? '' : posix.dirname(from), path);
    const file = [target, `${target}.html`, posix.join(target, 'index.html')]
      .map((one) => one.replace(/^\//, ''))
      .find((one) => texts.has(one) || (existsSync(join(folder, one)) && !one.endsWith('/')));
    if (file === undefined) return false;
    return id === undefined || id === '' || !file.endsWith('.html') || idsOf(file).has(id);
  }
}

function matchesOf(text: string, pattern: RegExp): string[] {
  return [...text.matchAll(pattern)].map(
    (match) => match.slice(1).find((one) => one !== undefined) ?? '',
  );
}
