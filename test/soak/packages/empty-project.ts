import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { packPackages } from '../../support/packed.js';

/** What `npm i @ringest/core` installs of this repository. */
const CORE = /ringest-(codec|workers|cache|core)-/;
const TOOLS = [
  'esbuild@^0.28.2',
  'rollup@^4.68.8',
  'tsx@^4.23.15',
  'typescript@7.0.2',
  'vite@^8.4.0',
];

/** Releases of Node.js under which packages are tried. */
export const RELEASES = ['20.19', '22', '24'] as const;

const execute = promisify(execFile);
const releasePath = new Map<string, Promise<string>>();

/** The program of a release of Node.js. */
export function nodeOf(release: string): Promise<string> {
  const path =
    releasePath.get(release) ??
    run(
      ['npx', '--yes', `--package=node@${release}`, 'node', '-p', 'process.execPath'],
      tmpdir(),
    ).then(({ stdout }) => stdout.trim());
  releasePath.set(release, path);
  return path;
}

/** Runs a command to its end. Nothing but the folder says where Node.js finds packages. */
export async function run(
  command: readonly [string, ...string[]],
  cwd: string,
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const [file, ...args] = command;
  return execute(file, args, { cwd, env: { ...process.env, NODE_PATH: '' }, maxBuffer: 2 ** 26 });
}

/** A folder that has installed what is published, and tools in another folder. */
export interface EmptyProject {
  readonly root: string;
  /** A folder with spaces in its path, in which only `@ringest/core` is installed. */
  readonly folder: string;
  /** The path of a command of a tool. */
  tool(name: string): string;
}

/** Packs the packages, and installs `@ringest/core` in an empty folder. The caller removes `root`. */
export async function makeEmptyProject(): Promise<EmptyProject> {
  const root = mkdtempSync(join(tmpdir(), 'ringest-packages-'));
  const [packed, folder, tools] = [
    join(root, 'packed'),
    join(root, 'an empty folder'),
    join(root, 'tools'),
  ];
  for (const path of [packed, folder, tools]) mkdirSync(path);
  const tarballs = await packPackages(packed);
  const core = tarballs.filter((path) => CORE.test(path));
  const install = ['npm', 'i', '--prefer-offline', '--no-audit', '--no-fund'] as const;
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  await run([...install, ...core, '@types/node@^20.19.0'], folder);
  writeFileSync(join(tools, 'package.json'), '{ "private": true }\n');
  await run([...install, ...TOOLS], tools);
  return { root, folder, tool: (name) => join(tools, 'node_modules/.bin', name) };
}
