import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { checkSite, relink } from '@ringest/site/internal';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';

const PATHS = new Map([
  ['README.md', 'index.md'],
  ['docs/embedding.md', 'embedding.md'],
  ['docs/architecture/ring.md', 'architecture/ring.md'],
  ['examples/README.md', 'examples.md'],
]);

function move(text: string, source: string): [text: string, files: string[]] {
  const files: string[] = [];
  const moved = relink(text, source, PATHS, (file) => {
    files.push(file);
    return `files/${file}.md`;
  });
  return [moved, files];
}

describe('a link of a page of the repository', () => {
  it('leads to the page of the site, with its anchor', () => {
    const [text] = move(
      '[a](../embedding.md#streams) [b](../../README.md)',
      'docs/architecture/ring.md',
    );
    expect(text).toBe('[a](../embedding.md#streams) [b](../index.md)');
  });

  it('leads to the README of a folder', () => {
    expect(move('[a](examples)', 'README.md')[0]).toBe('[a](./examples.md)');
  });

  it('leads to a page that is made of a file', () => {
    const [text, files] = move('[a](../examples/file-tail/tail.js)', 'docs/embedding.md');
    expect(text).toBe('[a](./files/examples/file-tail/tail.js.md)');
    expect(files).toEqual(['examples/file-tail/tail.js']);
  });

  it('leads to a picture, also in HTML', () => {
    const [text] = move('<img src="images/overview.svg" width="9">', 'docs/embedding.md');
    expect(text).toBe('<img src="./files/docs/images/overview.svg.md" width="9">');
  });

  it('stays as it is in code, to another site, and on the same page', () => {
    const text = '[a](https://a.example) [b](#here)\n```js\na[0](nowhere.md)\n```\n';
    expect(move(text, 'README.md')[0]).toBe(text);
  });

  it('that leads nowhere is an error', () => {
    expect(() => move('[a](nowhere.md)', 'README.md')).toThrow('README.md: nowhere.md');
  });
});

describe('a finished site', () => {
  /** What is wrong with a site of these files. */
  function problemsOf(files: Readonly<Record<string, string>>): string[] {
    const folder = temporaryDirectory();
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(join(folder, name, '..'), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    return checkSite(folder);
  }

  it('is right when links lead to pages and places that are there', () => {
    expect(
      problemsOf({
        'index.html': '<a href="/sub/page.html#here">a</a><a href="https://a.example">b</a>',
        'sub/page.html': '<h1 id="here"></h1><a href="./other">c</a><img src="../a.svg">',
        'sub/other.html': '<a href="/">d</a>',
        'a.svg': '<svg/>',
      }),
    ).toEqual([]);
  });

  it('is wrong when a page or a place is not there', () => {
    const [page, place] = problemsOf({
      'index.html': '<a href="/nowhere.html">a</a><a href="#nowhere">b</a>',
    });
    expect(page).toContain('/nowhere.html');
    expect(place).toContain('#nowhere');
  });

  it.each([
    '<script src="https://a.example/a.js"></script>',
    '<link rel="stylesheet" href="//a.example/a.css">',
    '<img src="https://a.example/a.png">',
  ])('is wrong when it loads something from elsewhere: %s', (html) => {
    expect(problemsOf({ 'index.html': html })[0]).toContain('loads');
  });

  it('is wrong when a style loads a font from elsewhere', () => {
    const css = '@font-face { src: url("https://a.example/a.woff2") }';
    expect(problemsOf({ 'a.css': css })[0]).toContain('a.woff2');
  });
});
