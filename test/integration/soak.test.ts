import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { formatSeconds, formatTable, readTestResults, runCommand } from '@ringest/bench/internal';
import { describe, expect, it } from 'vitest';
import { NodeProcess } from '../support/node-process.js';
import { temporaryDirectory } from '../support/temporary-directory.js';

const SOAK = new URL('../../bench/dist/soak/soak.js', import.meta.url);
const INTERNAL = new URL('../../bench/dist/internal.js', import.meta.url);
const COUNT = new URL('../../bench/dist/soak/count.js', import.meta.url);

/** A report of Vitest with so many tests, the last of which have failed. */
function report(passed: number, failed: number, unloaded: readonly string[] = []): string {
  const file = join(temporaryDirectory(), 'report.json');
  const tests = (count: number, status: string) =>
    Array.from({ length: count }, (_, i) => ({ fullName: `${status} ${i}`, status }));
  writeFileSync(
    file,
    JSON.stringify({
      numPassedTests: passed,
      numFailedTests: failed,
      numPendingTests: 1,
      testResults: [
        {
          name: 'a.test.ts',
          status: failed > 0 ? 'failed' : 'passed',
          assertionResults: [...tests(passed, 'passed'), ...tests(failed, 'failed')],
        },
        ...unloaded.map((name) => ({ name, status: 'failed', assertionResults: [] })),
      ],
    }),
  );
  return file;
}

describe('the results of a run', () => {
  it('are the counts of its report, with the names of what failed', () => {
    expect(readTestResults(report(3, 1))).toEqual({
      passed: 3,
      failed: 1,
      skipped: 1,
      failures: ['a.test.ts: failed 0'],
    });
  });

  it('count a file that cannot be loaded as a failure', () => {
    const { failed, failures } = readTestResults(report(3, 0, ['b.test.ts']));
    expect({ failed, failures }).toEqual({ failed: 1, failures: ['b.test.ts: could not be run'] });
  });

  it('count a report that is missing as a failure', () => {
    const missing = join(temporaryDirectory(), 'report.json');
    expect(readTestResults(missing)).toMatchObject({ passed: 0, failed: 1 });
  });

  it('of several runs end in one line, and in an exit status', async () => {
    const good = new NodeProcess(COUNT, [report(3, 0), report(4, 0)]);
    expect(await good.end()).toBe(0);
    expect(good.stdout).toBe('7 passed, 0 failed, 2 skipped\n');
    const bad = new NodeProcess(COUNT, [report(3, 0), report(4, 2)]);
    expect(await bad.end()).toBe(1);
    expect(bad.stdout.split('\n').at(-2)).toBe('7 passed, 2 failed, 2 skipped');
  });
});

describe('a command', () => {
  const run = (code: string, signal = new AbortController().signal) => {
    const log = join(temporaryDirectory(), 'output.txt');
    const command = [process.execPath, '-e', code] as const;
    return { log, ended: runCommand([...command], {}, log, signal) };
  };

  it('leaves its exit status, and all that it has printed in a file', async () => {
    const { log, ended } = run('console.log("one"); console.error("two"); process.exitCode = 3');
    expect((await ended).exitCode).toBe(3);
    expect(readFileSync(log, 'utf8').split('\n').toSorted()).toEqual(['', 'one', 'two']);
  });

  it('is ended with the processes that it has started', async () => {
    const abort = new AbortController();
    const child = 'setInterval(() => {}, 1000); console.log(process.pid)';
    const { log, ended } = run(
      `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}], { stdio: 'inherit' })`,
      abort.signal,
    );
    const pid = () => (existsSync(log) ? Number(readFileSync(log, 'utf8')) : 0);
    await expect.poll(pid).toBeGreaterThan(0);
    abort.abort(new Error('enough'));
    await expect(ended).rejects.toThrow('enough');
    await expect.poll(() => isAlive(pid())).toBe(false);
  });

  it('is ended when the process exits that runs it', async () => {
    const folder = temporaryDirectory();
    const [log, script] = [join(folder, 'output.txt'), join(folder, 'run.mjs')];
    const child = 'setInterval(() => {}, 1000); console.log(process.pid)';
    const command = JSON.stringify([process.execPath, '-e', child]);
    writeFileSync(
      script,
      `import { runCommand } from ${JSON.stringify(INTERNAL.href)};
      process.on('SIGHUP', () => process.exit(3));
      await runCommand(${command}, {}, ${JSON.stringify(log)}, new AbortController().signal);`,
    );
    const runner = new NodeProcess(pathToFileURL(script), []);
    const pid = () => (existsSync(log) ? Number(readFileSync(log, 'utf8')) : 0);
    await expect.poll(pid).toBeGreaterThan(0);
    expect(await runner.end('SIGHUP')).toBe(3);
    await expect.poll(() => isAlive(pid())).toBe(false);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('the soak command', () => {
  it('names its forms in its help', async () => {
    const help = new NodeProcess(SOAK, ['--help']);
    expect(await help.end()).toBe(0);
    for (const form of ['timing', 'kills', 'faults', 'fuzzing', 'node22', 'node24', 'gate']) {
      expect(help.stdout).toMatch(new RegExp(`\\b${form}\\b`));
    }
  });

  it('refuses a form that there is not', async () => {
    const wrong = new NodeProcess(SOAK, ['nonsense']);
    expect(await wrong.end()).toBe(1);
    expect(wrong.stderr).toContain("'nonsense' is invalid");
  });
});

describe('a table', () => {
  it('has columns as wide as they have to be', () => {
    const table = formatTable(['run', 'result'], [['1', 'green'], ['10']]);
    expect(table.split('\n')).toEqual([
      '| run | result |',
      '|-----|--------|',
      '| 1   | green  |',
      '| 10  |        |',
    ]);
  });

  it('tells seconds in minutes', () => {
    expect(formatSeconds(59.6)).toBe('1 min 00 s');
    expect(formatSeconds(245)).toBe('4 min 05 s');
  });
});
