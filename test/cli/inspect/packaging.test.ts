import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../../support/temporary-directory.js';
import { run } from './ringest.js';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');
const manifest = (path: string) =>
  JSON.parse(read(path)) as {
    readonly name: string;
    readonly bin?: Record<string, string>;
    readonly scripts?: Record<string, string>;
  };

describe.each(['ringest.service', 'ringest-relay.service'])('the unit %s of systemd', (name) => {
  const unit = read(`packaging/${name}`);

  it('is one that systemd takes, where that is installed', () => {
    const copy = join(temporaryDirectory(), name);
    // Nothing is installed on this machine.
    writeFileSync(copy, unit.replace('/usr/local/bin/ringest', process.execPath));
    const { error, status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', copy], {
      encoding: 'utf8',
    });
    if (error !== undefined) {
      expect((error as NodeJS.ErrnoException).code).toBe('ENOENT');
      return;
    }
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  });

  it('starts a command with flags that it has', async () => {
    const [, command = ''] = /^ExecStart=\/usr\/local\/bin\/ringest (.*)$/m.exec(unit) ?? [];
    const { stdout } = await run(command.split(' ')[0] ?? '', '--help');
    const flags = command.match(/--[a-z-]+/g) ?? [];
    expect(flags).toContain('--config');
    expect(flags.filter((flag) => !stdout.includes(flag))).toEqual([]);
  });
});

describe('the unit that ships', () => {
  const unit = read('packaging/ringest.service');

  it('has flags of ship in its environment, and files that this names', async () => {
    const [, command = ''] = /^ExecStart=\/usr\/local\/bin\/ringest (.*)$/m.exec(unit) ?? [];
    const environment = read('packaging/ringest.env');
    const { stdout } = await run('ship', '--help');
    const flags = `${command} ${environment}`.match(/--[a-z-]+/g) ?? [];
    expect(flags).toEqual(expect.arrayContaining(['--follow', '--config', '--state-file']));
    expect(flags.filter((flag) => !stdout.includes(flag))).toEqual([]);
    for (const [, name] of command.matchAll(/\$([A-Z_]+)/g))
      expect(environment).toContain(`${name}=`);
  });
});

describe('the Dockerfile', () => {
  const lines = read('packaging/Dockerfile')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => /^[A-Z]/.test(line));
  const stages = lines.flatMap((line) => /^FROM \S+ AS (\w+)/.exec(line)?.[1] ?? []);
  const argsOf = (word: string) =>
    lines.flatMap((line) => (line.startsWith(`${word} `) ? [line.slice(word.length + 1)] : []));

  it('copies what there is, and what is not left out of the context', () => {
    const allowed = read('packaging/Dockerfile.dockerignore')
      .split('\n')
      .flatMap((line) => (line.startsWith('!') ? [line.slice(1)] : []));
    const copies = argsOf('COPY').filter((args) => !args.startsWith('--from='));
    const sources = copies.flatMap((args) => args.split(/\s+/).slice(0, -1));
    expect(sources).toContain('packages');
    expect(sources.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(sources.filter((path) => !allowed.includes(path))).toEqual([]);
    const from = argsOf('COPY').flatMap((args) => /^--from=(\w+)/.exec(args)?.[1] ?? []);
    expect(from).toEqual(stages);
  });

  it('has every member of the workspace, whose lockfile it installs from', () => {
    const [, list = ''] = /^packages:\n((?: {2}- \S+\n)+)/.exec(read('pnpm-workspace.yaml')) ?? [];
    const members = list.match(/[^\s-][^\s]*/g) ?? [];
    expect(members).toContain('packages/*');
    const copied = argsOf('COPY').flatMap((args) => args.split(/\s+/).slice(0, -1));
    const missing = members
      .filter((member) => member !== 'packages/*')
      .filter(
        (member) => ![member, `${member}/package.json`].some((path) => copied.includes(path)),
      );
    expect(missing).toEqual([]);
  });

  it('runs scripts and builds packages that there are', () => {
    const runs = argsOf('RUN').join('\n');
    expect(runs).toContain('--filter @ringest/workers run generate');
    expect(manifest('packages/workers/package.json').scripts).toHaveProperty('generate');
    expect(runs).toContain('tsc -b packages/cli');
    expect(runs).toContain(`--filter ${manifest('packages/cli/package.json').name} deploy`);
    expect(runs).toContain(`--filter ${manifest('package.json').name}`);
  });

  it('starts the command as a user without rights', () => {
    const [, link = ''] =
      /ln -s \/app\/(\S+) \/usr\/local\/bin\/ringest/.exec(argsOf('RUN').join('\n')) ?? [];
    expect(manifest('packages/cli/package.json').bin).toEqual({ ringest: `./${link}` });
    expect(argsOf('ENTRYPOINT')).toEqual(['["ringest"]']);
    expect(argsOf('USER').at(-1)).toBe('node');
    expect(lines.findLastIndex((line) => line.startsWith('RUN'))).toBeLessThan(
      lines.findLastIndex((line) => line.startsWith('USER')),
    );
  });
});
