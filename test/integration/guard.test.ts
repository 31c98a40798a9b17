import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  comparedCommit,
  compareRounds,
  type GuardRound,
  isAsFast,
  readRates,
  runGuard,
} from '@ringest/bench/internal';
import { describe, expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';

const ROUNDS = 12;

/** How repositories of the tests are built. */
const BUILD = [[process.execPath, 'build.mjs']] as const;

/** Rounds in which both are slowed alike, the more the later, and each has these rates but for that. */
function roundsOf(
  here: Readonly<Record<string, number>>,
  there: Readonly<Record<string, number>>,
  rounds = ROUNDS,
): GuardRound[] {
  const slowed = (rates: Readonly<Record<string, number>>, by: number) =>
    new Map(Object.entries(rates).map(([name, rate]) => [name, rate / by]));
  return Array.from({ length: rounds }, (_, i) => ({
    here: slowed(here, 1.5 ** i),
    there: slowed(there, 1.5 ** i),
  }));
}

describe('what a guard measured', () => {
  it('says what became slower and what faster, however the machine was', () => {
    const verdict = compareRounds(roundsOf({ a: 90, b: 110, c: 100 }, { a: 100, b: 100, c: 100 }));
    expect(verdict.rows.map(({ name, change }) => [name, change])).toEqual([
      ['a', 'slower'],
      ['b', 'faster'],
      ['c', 'same'],
    ]);
    // All rounds have the same ratio.
    expect(verdict.noise).toBeCloseTo(0, 9);
    expect(verdict.rows[0]).toMatchObject({ ratio: expect.closeTo(0.9), low: expect.closeTo(0.9) });
    expect(isAsFast(verdict)).toBe(false);
  });

  it('takes no difference for one that went now this way, now that', () => {
    const rounds = roundsOf({ a: 100 }, { a: 100 }).map(({ here, there }, i) => ({
      here: new Map([['a', (here.get('a') ?? 0) * (i % 2 === 0 ? 1.3 : 0.75)]]),
      there,
    }));
    const verdict = compareRounds(rounds);
    expect(verdict.rows.map(({ change }) => change)).toEqual(['same']);
    // The lower end of the interval is a round at its worst, 0.75, or nearly so.
    expect(verdict.noise).toBeGreaterThan(0.2);
    expect(isAsFast(verdict)).toBe(true);
  });

  it('compares what both have, and names what only one has', () => {
    const { rows, onlyHere, onlyThere } = compareRounds(
      roundsOf({ both: 1, lines: 1 }, { both: 1, old: 1 }),
    );
    expect(rows.map(({ name }) => name)).toEqual(['both']);
    expect({ onlyHere, onlyThere }).toEqual({ onlyHere: ['lines'], onlyThere: ['old'] });
  });

  it('tells nothing from noise with too few rounds, and how many it takes', () => {
    const few = compareRounds(roundsOf({ a: 50, b: 100 }, { a: 100, b: 100 }, 6));
    expect(few.rows.map(({ change }) => change)).toEqual(['unknown', 'unknown']);
    expect(few.leastRounds).toBe(7);
    expect(few.noise).toBeNull();
    const enough = compareRounds(roundsOf({ a: 50, b: 100 }, { a: 100, b: 100 }, 7));
    expect(enough.rows.map(({ change }) => change)).toEqual(['slower', 'same']);
  });

  it('is read from the last line of the benchmark, whatever ways of writing it has', () => {
    const output =
      'for people\n{"sizes":[{"size":64,"ceiling":9,"writeEntry":5},{"size":256,"writeEntry":3}]}\n';
    expect([...readRates(output)]).toEqual([
      ['ceiling, 64 bytes', 9],
      ['writeEntry, 64 bytes', 5],
      ['writeEntry, 256 bytes', 3],
    ]);
    expect(() => readRates('{"sizes":[{"size":64,"writeEntry":0}]}')).toThrow(TypeError);
    expect(() => readRates('{"sizes":[]}')).toThrow(TypeError);
  });
});

/** A repository with a commit on `main`. */
class Repository {
  readonly path = join(temporaryDirectory(), 'a repository');

  constructor() {
    mkdirSync(this.path);
    this.git('init', '--quiet', '--initial-branch', 'main');
  }

  git(...args: string[]): string {
    const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.com'];
    return execFileSync('git', [...identity, ...args], { cwd: this.path, encoding: 'utf8' }).trim();
  }

  write(name: string, text: string): void {
    writeFileSync(join(this.path, name), text);
  }

  /** Commits all that there is. @returns the hash */
  commit(subject: string): string {
    this.git('add', '--all');
    this.git('commit', '--quiet', '--allow-empty', '--message', subject);
    return this.git('rev-parse', 'HEAD');
  }
}

describe('the commit that a guard compares with', () => {
  it('is the one before the last on main, or the last when something is not committed', () => {
    const repository = new Repository();
    const first = repository.commit('first');
    const second = repository.commit('second');
    expect(comparedCommit(repository.path, undefined)).toEqual({
      ...{ hash: first, subject: 'first', why: 'the commit before the last' },
    });
    repository.write('new.txt', 'not committed');
    expect(comparedCommit(repository.path, undefined)).toMatchObject({ hash: second });
  });

  it('is where a branch left main', () => {
    const repository = new Repository();
    const first = repository.commit('first');
    repository.git('checkout', '--quiet', '-b', 'branch');
    repository.commit('second');
    repository.commit('third');
    expect(comparedCommit(repository.path, undefined)).toMatchObject({
      ...{ hash: first, why: 'where this branch left main' },
    });
  });

  it('is the one that is given, and one that there is not is refused', () => {
    const repository = new Repository();
    const first = repository.commit('first');
    repository.commit('second');
    expect(comparedCommit(repository.path, first.slice(0, 8)).hash).toBe(first);
    for (const name of ['nowhere', '--all']) {
      expect(() => comparedCommit(repository.path, name)).toThrow(`Git knows no commit ${name} in`);
    }
  });
});

describe('a guard', () => {
  /** Builds a benchmark that is this fast. */
  const builds = (rates: object) => `
    import { mkdirSync, writeFileSync } from 'node:fs';
    mkdirSync('bench/dist/cli', { recursive: true });
    const result = ${JSON.stringify(JSON.stringify({ sizes: [rates] }))};
    writeFileSync('bench/dist/cli/bench.js', \`console.log(process.argv.length > 2 ? '\${result}' : '')\`);
  `;

  it('builds the other commit once, beside the repository, and compares', async () => {
    const repository = new Repository();
    repository.write('.gitignore', 'bench/\n');
    repository.write('build.mjs', builds({ size: 64, writeEntry: 100, old: 1 }));
    repository.commit('fast');
    repository.write('build.mjs', builds({ size: 64, writeEntry: 50, lines: 1 }));
    repository.commit('slow');
    execFileSync(process.execPath, ['build.mjs'], { cwd: repository.path });
    const checkouts = join(temporaryDirectory(), 'checkouts');
    const told: string[] = [];
    const guard = (rounds: number) =>
      runGuard(
        {
          repository: repository.path,
          against: undefined,
          rounds,
          durationMs: 1,
          build: BUILD,
          checkouts,
        },
        (what) => told.push(what),
        new AbortController().signal,
      );
    const report = await guard(6);
    expect(report).toMatchObject({
      ...{ kind: 'guard', isDirty: false, rounds: 6, confidence: 0.95 },
      against: { subject: 'fast', why: 'the commit before the last' },
      rows: [{ name: 'writeEntry, 64 bytes', here: 50, there: 100, change: 'slower' }],
      ...{ onlyHere: ['lines, 64 bytes'], onlyThere: ['old, 64 bytes'] },
    });
    expect(isAsFast(report)).toBe(false);
    // The repository knows nothing of it.
    expect(repository.git('status', '--porcelain')).toBe('');
    expect(repository.git('worktree', 'list').split('\n')).toHaveLength(1);
    expect(readdirSync(checkouts)).toEqual([report.against.hash]);

    told.length = 0;
    const again = await guard(1);
    expect(again.against).toEqual(report.against);
    expect(again.rows).toMatchObject([{ here: 50, there: 100, change: 'unknown' }]);
    expect(told.filter((what) => what.startsWith('builds'))).toEqual([]);
  }, 120_000);

  it('tells where to read why the other commit cannot be built', async () => {
    const repository = new Repository();
    repository.write('build.mjs', 'console.error("broken"); process.exitCode = 1');
    repository.commit('broken');
    repository.commit('second');
    const checkouts = join(temporaryDirectory(), 'checkouts');
    const failed = runGuard(
      {
        repository: repository.path,
        against: undefined,
        rounds: 6,
        durationMs: 1,
        build: BUILD,
        checkouts,
      },
      () => {},
      new AbortController().signal,
    );
    const error = await failed.then(
      () => new Error('it has not failed'),
      (error: Error) => error,
    );
    expect(error).toMatchObject({ code: 'BUILD_FAILED' });
    const [, command, log = ''] =
      /^"(.*)" failed for .* printed is in (.*)$/.exec(error.message) ?? [];
    expect(command).toBe(BUILD[0]?.join(' '));
    expect(readFileSync(log, 'utf8')).toBe('broken\n');
  });
});
