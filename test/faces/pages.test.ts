import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

const PAGES = ['.', 'docs', 'docs/architecture', 'docs/decisions'].flatMap((folder) =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => join(ROOT, folder, name)),
);

const read = (path: string) => readFileSync(path, 'utf8');

/** The anchors of a page, as GitHub makes them of its headings. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  );
}

function leadsNowhere(page: string, link: string): boolean {
  const [path = '', anchor] = link.split('#');
  const target = path === '' ? page : normalize(join(dirname(page), path));
  if (!existsSync(target)) return true;
  return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).includes(anchor);
}

describe('the pages of the documentation', () => {
  it('have links that lead somewhere', () => {
    const wrong = PAGES.flatMap((page) => {
      const text = read(page).replace(/```.*?```/gs, '');
      const links = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);
      return links
        .filter((link) => !/^(https?|mailto):/.test(link) && leadsNowhere(page, link))
        .map((link) => `${relative(ROOT, page)}: ${link}`);
    });
    expect(wrong).toEqual([]);
  });

  it('name classes and methods on the way of an entry that are in the files beside them', () => {
    const steps = [
      ...read(join(ROOT, 'docs/architecture.md')).matchAll(
        /^ *([A-Z]\w+)(?:\.(\w+))? +(core|workers)\/([\w/-]+)\.ts/gm,
      ),
    ];
    const wrong = steps.filter(([, name, method = name, room, file]) => {
      const path = ['src/', ''].map((folder) => `packages/${room}/${folder}${file}.ts`);
      const source = path.map((one) => join(ROOT, one)).find((one) => existsSync(one));
      return source === undefined || !new RegExp(`(?<!\\w)${method}\\b`).test(read(source));
    });
    expect(steps.length).toBeGreaterThan(30);
    expect(wrong.map(([step]) => step)).toEqual([]);
  });
});
