import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { run } from './ringest.js';

const CLI = fileURLToPath(new URL('../../../packages/cli/', import.meta.url));
const MAN = `${CLI}man/ringest.1`;
const BASH = `${CLI}completions/ringest.bash`;
const ZSH = `${CLI}completions/_ringest`;
const FISH = `${CLI}completions/ringest.fish`;

/** Runs a program of the system; `undefined`: it is not installed. */
function runIfInstalled(program: string, args: readonly string[]) {
  const { error, status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8' });
  if ((error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT') return undefined;
  return { status, stdout, stderr };
}

const isInstalled = (program: string) => runIfInstalled(program, ['--version']) !== undefined;

/** What bash offers for the last of the words. */
function bashOffers(...words: readonly string[]): string[] {
  const script = `source ${BASH}; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _ringest; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], {
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  return stdout.split('\n').filter((word) => word !== '');
}

describe.skipIf(!isInstalled('bash'))('the completion of bash', () => {
  it.each([
    [
      ['ringest', ''],
      ['ship', 'status', 'cat', 'cache', 'completion'],
    ],
    [
      ['ringest', 'ca'],
      ['cat', 'cache'],
    ],
    [['ringest', 'cache', 'd'], ['dump']],
    [['ringest', 'cache', 'requeue', '--d'], ['--damaged']],
    [
      ['ringest', 'ship', '--cache-mode', ''],
      ['fail', 'always', 'journal'],
    ],
    [['ringest', 'completion', 'z'], ['zsh']],
    [['ringest', 'check', `${CLI}pack`], [`${CLI}package.json`]],
  ])('offers after %j what can follow', (words, expected) => {
    expect(bashOffers(...words)).toEqual(expect.arrayContaining(expected));
  });

  it('offers nothing for a value of which nothing is known', () => {
    expect(bashOffers('ringest', 'cat', '--tag', '')).toEqual([]);
  });
});

describe.skipIf(!isInstalled('fish'))('the completion of fish', () => {
  it.each([
    ['ringest ca', ['cat', 'cache']],
    ['ringest cache re', ['requeue']],
    ['ringest ship --cache-mode ', ['fail', 'always', 'journal']],
    ['ringest cat --fol', ['--follow']],
  ])('offers after %j what can follow', (line, expected) => {
    const script = `source ${FISH}; complete --do-complete ${JSON.stringify(line)}`;
    const offers = runIfInstalled('fish', ['--no-config', '--command', script]);
    const words = offers?.stdout.split('\n').map((one) => one.split('\t')[0]);
    expect(words).toEqual(expect.arrayContaining(expected));
  });
});

it.skipIf(!isInstalled('zsh'))(
  'the completion of zsh has no error of syntax, and is loaded',
  () => {
    const load =
      'autoload -Uz compinit && compinit -u -D && source "$1" && (( $+functions[_ringest_cat] ))';
    expect(runIfInstalled('zsh', ['-f', '-c', load, 'zsh', ZSH])).toMatchObject({
      status: 0,
      stderr: '',
    });
  },
);

describe('the manual page', () => {
  it.skipIf(!isInstalled('man'))('is read by man, with every command and every flag', async () => {
    const env = { ...process.env, MANWIDTH: '120', MAN_KEEP_FORMATTING: '' };
    const { status, stdout } = spawnSync('man', ['-l', MAN], { encoding: 'utf8', env });
    // A minimal system has `man`, and tells only how to get the real one.
    if (!stdout.includes('RINGEST(1)')) return;
    expect(status).toBe(0);
    for (const words of ['ringest cache requeue', '--status-socket', '--store-max-age']) {
      expect(stdout).toContain(words);
    }
  });

  it.skipIf(!isInstalled('mandoc'))('has nothing that mandoc warns of', () => {
    const found = runIfInstalled('mandoc', ['-T', 'lint', '-W', 'warning', MAN])?.stdout ?? '';
    // The page has a version instead of a date, so that it is the same whenever it is made.
    expect(
      found.split('\n').filter((line) => line !== '' && !line.includes('missing date')),
    ).toEqual([]);
  });
});

describe('ringest', () => {
  it('prints its version', async () => {
    const { status, stdout } = await run('--version');
    expect(status).toBe(0);
    expect(stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it.each([
    ['a command', ['stauts'], 'Did you mean status?'],
    ['a shell', ['completion', 'fsh'], 'Allowed choices are bash, zsh, fish.'],
  ])(
    'says what there is instead of %s that is unknown, with status 2',
    async (_what, args, text) => {
      const { status, stderr } = await run(...args);
      expect(status).toBe(2);
      expect(stderr).toContain(text);
    },
  );
});
