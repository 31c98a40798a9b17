import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Indexer } from '@ringest/indexer';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { projectFolder } from '../support/project-folder.js';
import { README_TAGS, readmeIngester, readmeIngesterInCommonJs } from '../support/readme.js';

/** The packages that are installed for the tests. */
const PACKAGES = new URL('../node_modules', import.meta.url);

/** Bundles a program without ringest, into the folder of a project that has the packages. */
async function bundle(contents: string, format: 'esm' | 'cjs'): Promise<string> {
  const name = format === 'esm' ? 'ingester.mjs' : 'ingester.cjs';
  const outfile = join(projectFolder(PACKAGES), name);
  await build({
    stdin: { contents, loader: 'ts' },
    bundle: true,
    external: ['@ringest/*'],
    platform: 'node',
    format,
    outfile,
    logLevel: 'silent',
  });
  return outfile;
}

describe('an ingester that esbuild has bundled, with ringest beside it', () => {
  const PROGRAMS = { esm: readmeIngester, cjs: readmeIngesterInCommonJs } as const;

  it.each(['esm', 'cjs'] as const)('delivers all of its entries, as %s', async (format) => {
    await using indexer = new Indexer({ listen: '127.0.0.1:0', secret: 'IngestSecrets' });
    const file = await bundle(PROGRAMS[format](await indexer.listen()), format);
    // Some releases of Node.js warn where a program loads ES modules with `require`.
    const flags = ['--disable-warning=ExperimentalWarning'];
    const { stderr } = await promisify(execFile)(process.execPath, [...flags, file]);
    expect(stderr).toBe('');
    expect(indexer.stats().tags).toEqual(README_TAGS);
  });
});
