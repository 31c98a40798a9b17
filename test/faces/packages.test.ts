import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core';
import { publint } from 'publint';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packPackages } from '../support/packed.js';

const ROOT = fileURLToPath(new URL('../../', import.meta.url));

interface Manifest {
  readonly name: string;
  readonly private?: boolean;
  readonly keywords?: readonly string[];
  readonly exports: Readonly<Record<string, unknown>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

const manifestOf = (folder: string): Manifest =>
  JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));

const folders = [...readdirSync(join(ROOT, 'packages')).map((name) => `packages/${name}`), 'bench']
  .map((path) => join(ROOT, path))
  .filter((folder) => manifestOf(folder).private !== true);

/** What a package installs of this repository and of others, also by way of other packages of it. */
function installedBy(name: string): string[] {
  const own = folders.map(manifestOf).find((manifest) => manifest.name === name);
  const direct = Object.keys(own?.dependencies ?? {});
  return [...new Set([...direct, ...direct.flatMap(installedBy)])];
}

/**
 * What is so with every package of ES modules: the oldest way of TypeScript to resolve does not read
 * `exports`, and CommonJS gets an ES module, which Node.js 20.19 and later load with `require`.
 */
const OF_ES_MODULES = ['NoResolution node10', 'CJSResolvesToESM node16-cjs'];

const packed = mkdtempSync(join(tmpdir(), 'ringest-packed-'));
let tarballs: readonly string[] = [];

beforeAll(async () => {
  tarballs = await packPackages(packed);
});

afterAll(() => rmSync(packed, { recursive: true }));

/** The bytes that are published of a package. */
function publishedOf(folder: string): Buffer {
  const start = manifestOf(folder).name.replace(/^@(\w+)\//, '$1-');
  const tarball = tarballs.find((path) => /^\d/.test(path.replace(join(packed, `${start}-`), '')));
  if (tarball === undefined) throw new Error(`${folder} was not packed`);
  return readFileSync(tarball);
}

describe.each(folders)('the package in %s', (folder) => {
  it('is what package managers, Node.js and bundlers expect', async () => {
    const tarball = new Uint8Array(publishedOf(folder)).buffer;
    const { messages } = await publint({ pkgDir: 'package', pack: { tarball }, strict: true });
    expect(messages).toEqual([]);
  });

  it('has types that are found wherever its modules are, and that say what these are', async () => {
    const result = await checkPackage(createPackageFromTarballData(publishedOf(folder)));
    if (result.types === false) throw new Error('it has no types');
    const problems = result.problems.map((problem) => {
      const way = 'resolutionKind' in problem ? problem.resolutionKind : JSON.stringify(problem);
      return `${problem.kind} ${way}`;
    });
    const faces = Object.keys(manifestOf(folder).exports).filter(
      (face) => face !== './package.json',
    );
    // A command alone has no modules for others.
    expect(new Set(problems)).toEqual(new Set(faces.length === 0 ? [] : OF_ES_MODULES));
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
