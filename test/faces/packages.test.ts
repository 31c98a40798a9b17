import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { publint } from 'publint';
import { describe, expect, it } from 'vitest';

const PACKAGES = fileURLToPath(new URL('../../packages/', import.meta.url));

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly keywords?: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

const folders = readdirSync(PACKAGES)
  .map((name) => join(PACKAGES, name))
  .filter((folder) => manifestOf(folder).private !== true);

/** What a package installs of this repository and of others, also by way of other packages of it. */
function installedBy(name: string): string[] {
  const own = folders.map(manifestOf).find((manifest) => manifest.name === name);
  const direct = Object.keys(own?.dependencies ?? {});
  return [...new Set([...direct, ...direct.flatMap(installedBy)])];
}

describe.each(folders)('the package in %s', (folder) => {
  it('is what package managers, Node.js and bundlers expect', async () => {
    const { messages } = await publint({ pkgDir: folder, pack: false, strict: true });
    expect(messages).toEqual([]);
  });

  it('has words to be found by, and a README that begins with its name', () => {
    const { keywords, name } = manifestOf(folder);
    expect(keywords).toContain(name === '@ringest/timestamps' ? 'timestamp' : 'ingest');
    expect(existsSync(join(folder, 'README.md'))).toBe(true);
    expect(readFileSync(join(folder, 'README.md'), 'utf8').split('\n')[0]).toBe(`# ${name}`);
  });
});

it('@ringest/core installs nothing that only a command line needs', () => {
  const installed = installedBy('@ringest/core');
  expect(installed).toContain('snappy');
  expect(installed).not.toContain('commander');
  expect(installed).not.toContain('@ringest/indexer');
});
