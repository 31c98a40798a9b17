import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Indexer } from '@ringest/indexer';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { README_TAGS, readmeIngester, readmeIngesterInCommonJs } from '../../support/readme.js';
import { type EmptyProject, makeEmptyProject, nodeOf, RELEASES, run } from './empty-project.js';

const INSTALL_MS = 600_000;
/** Programs find the address of the indexer in their arguments. */
const ADDRESS = 'tcp://ADDRESS';
const script = (text: string) => text.replace(`'${ADDRESS}'`, 'process.argv[2]');
const INGESTER = script(readmeIngester(ADDRESS));
const COMMON_JS = script(readmeIngesterInCommonJs(ADDRESS));

let project: EmptyProject;

beforeAll(async () => {
  project = await makeEmptyProject();
  const write = (name: string, text: string) => writeFileSync(join(project.folder, name), text);
  write('ingester.mjs', INGESTER);
  write('ingester.ts', INGESTER);
  write('ingester.cjs', COMMON_JS);
  write(
    'thread.mjs',
    `import { Worker } from 'node:worker_threads';
    new Worker(new URL('ingester.mjs', import.meta.url), { argv: process.argv.slice(2) });`,
  );
  write(
    'cluster.mjs',
    `import cluster from 'node:cluster';
    if (cluster.isPrimary) for (let i = 0; i < 2; i++) cluster.fork();
    else await import('./ingester.mjs');
    cluster.on('exit', (_, code) => { process.exitCode ||= code; });
    if (cluster.isWorker) process.disconnect();`,
  );
}, INSTALL_MS);

afterAll(() => rmSync(project.root, { recursive: true, force: true }));

/** Runs a program with the address of an indexer, which must get `times` what the README's ingester writes. */
async function delivers(command: readonly [string, ...string[]], times = 1) {
  await using indexer = new Indexer({ listen: '127.0.0.1:0', secret: 'IngestSecrets' });
  const { stderr } = await run([...command, await indexer.listen()], project.folder);
  expect(stderr).toBe('');
  const { syslog, gravwell } = README_TAGS;
  expect(indexer.stats().tags).toEqual({ syslog: syslog * times, gravwell: gravwell * times });
}

describe('a folder that has installed @ringest/core', () => {
  it('has LICENSE and README of each package, and nothing that only a command line needs', () => {
    const modules = join(project.folder, 'node_modules');
    expect(readdirSync(join(modules, '@ringest')).toSorted()).toEqual(
      ['cache', 'codec', 'core', 'workers'].toSorted(),
    );
    for (const name of readdirSync(join(modules, '@ringest'))) {
      for (const file of ['LICENSE', 'README.md', 'src/index.ts']) {
        expect(existsSync(join(modules, '@ringest', name, file)), `${name}/${file}`).toBe(true);
      }
    }
    expect(existsSync(join(modules, 'commander'))).toBe(false);
  });

  it.each(['nodenext', 'bundler'])(
    'is checked by TypeScript, strict, with %s',
    async (resolution) => {
      const module = resolution === 'nodenext' ? 'nodenext' : 'esnext';
      const flags = `--strict --noEmit --target es2023 --types node --module ${module}`.split(' ');
      const tsc = [project.tool('tsc'), ...flags, '--moduleResolution', resolution] as const;
      await run([...tsc, '--skipLibCheck', 'false', 'ingester.ts'], project.folder);
    },
  );
});

describe.each(RELEASES)("the README's ingester under Node.js %s", (release) => {
  it.each(['ingester.mjs', 'ingester.cjs', 'thread.mjs'])('delivers as %s', async (file) => {
    await delivers([await nodeOf(release), file]);
  });

  it('delivers in each process of a cluster', async () => {
    await delivers([await nodeOf(release), 'cluster.mjs'], 2);
  });

  it('delivers under tsx', async () => {
    await delivers([await nodeOf(release), project.tool('tsx'), 'ingester.ts']);
  });

  it.each(['mjs', 'cjs'])('delivers in a bundle of esbuild, in %s', async (form) => {
    const bundle = `bundle/esbuild.${form}`;
    const format = form === 'mjs' ? 'esm' : 'cjs';
    const common = ['--bundle', '--platform=node', '--external:@ringest/*', '--log-level=error'];
    const esbuild = [project.tool('esbuild'), `ingester.${form}`, ...common] as const;
    await run([...esbuild, `--format=${format}`, `--outfile=${bundle}`], project.folder);
    await delivers([await nodeOf(release), bundle]);
  });

  it('delivers in a bundle of Rollup', async () => {
    const bundle = 'bundle/rollup.mjs';
    const flags = ['--format', 'es', '--external', '@ringest/core', '--file', bundle, '--silent'];
    await run([project.tool('rollup'), 'ingester.mjs', ...flags], project.folder);
    await delivers([await nodeOf(release), bundle]);
  });

  it('delivers in a bundle of Vite', async () => {
    const flags = ['build', '--ssr', 'ingester.mjs', '--outDir', 'bundle/vite', '--logLevel=error'];
    await run([await nodeOf(release), project.tool('vite'), ...flags], project.folder);
    await delivers([await nodeOf(release), 'bundle/vite/ingester.js']);
  });

  it.each(['--no-addons', '--disable-proto=delete', '--disallow-code-generation-from-strings'])(
    'delivers with %s',
    async (flag) => {
      await delivers([await nodeOf(release), flag, 'ingester.mjs']);
    },
  );

  it('delivers under the permission model, which it lets read its folder and start threads', async () => {
    const permission = release === '24' ? '--permission' : '--experimental-permission';
    const allowed = [`--allow-fs-read=${project.folder}`, '--allow-worker', '--no-warnings'];
    await delivers([await nodeOf(release), permission, ...allowed, 'ingester.mjs']);
  });
});
