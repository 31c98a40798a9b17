import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Indexer } from '@ringest/indexer';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import {
  README_TAGS,
  REQUIRE_BANNER,
  readmeIngester,
  readmeIngesterInCommonJs,
} from '../support/readme.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

/** Runs a bundle. Package managers may have set where else Node.js looks for packages. */
const run = (file: string) =>
  promisify(execFile)(process.execPath, [file], {
    cwd: dirname(file),
    env: { ...process.env, NODE_PATH: '' },
  });
/** From here, so that the packages are found. */
const RESOLVE_DIR = fileURLToPath(new URL('..', import.meta.url));

/** Bundles a program into one file, in a folder without packages whose path has a space. */
async function bundle(contents: string, format: 'esm' | 'cjs'): Promise<string> {
  const folder = join(temporaryDirectory(), 'a folder');
  mkdirSync(folder);
  const outfile = join(folder, format === 'esm' ? 'ingester.mjs' : 'ingester.cjs');
  await build({
    stdin: { contents, resolveDir: RESOLVE_DIR, loader: 'ts' },
    bundle: true,
    platform: 'node',
    format,
    outfile,
    banner: format === 'esm' ? { js: REQUIRE_BANNER } : {},
    logLevel: 'silent',
  });
  return outfile;
}

describe('an ingester that esbuild has packed into one file', () => {
  const PROGRAMS = { esm: readmeIngester, cjs: readmeIngesterInCommonJs } as const;

  it.each(['esm', 'cjs'] as const)('delivers all of its entries, as %s', async (format) => {
    await using indexer = new Indexer({ listen: '127.0.0.1:0', secret: 'IngestSecrets' });
    const file = await bundle(PROGRAMS[format](await indexer.listen()), format);
    const { stderr } = await run(file);
    expect(stderr).toBe('');
    expect(indexer.stats().tags).toEqual(README_TAGS);
  });

  it('says that a cache needs the packages beside it', async () => {
    const file = await bundle(
      `import { CachePackageError, IngestMuxer } from '@ringest/core';
      const cache = { path: 'cache' };
      const muxer = new IngestMuxer({ targets: ['tcp://127.0.0.1:1'], secret: 'x', cache });
      try {
        muxer.start();
      } catch (error) {
        console.log(error instanceof CachePackageError, error.code, error.message);
      }`,
      'esm',
    );
    const { stdout } = await run(file);
    expect(stdout).toMatch(/^true ERR_CACHE_PACKAGE .*@ringest\/\*/s);
  });
});
