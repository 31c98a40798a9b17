import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { git } from '../shared/git.js';
import { REPOSITORY } from '../shared/repository.js';
import { runCommand } from '../shared/run-command.js';
import { formatSeconds, formatTable } from '../shared/table.js';
import { keepBusy } from './busy.js';
import { readTestResults, type TestResults } from './test-results.js';

export interface GateOptions {
  readonly runs: number;
  /** How many processes keep the machine busy beside the tests. */
  readonly busy: number;
}

interface GateRun extends TestResults {
  readonly seconds: number;
  readonly isGreen: boolean;
}

/**
 * Runs the test command again and again, each time in a fresh clone of the last commit: install,
 * build and tests. The files of a run that failed stay where it says.
 * @returns whether all runs were green
 */
export async function runGate({ runs, busy }: GateOptions, signal: AbortSignal): Promise<boolean> {
  const commit = git(REPOSITORY, 'rev-parse', '--short', 'HEAD');
  if (git(REPOSITORY, 'status', '--porcelain') !== '')
    console.log('Changes without a commit are left out.');
  console.log(
    `${new Date().toISOString()}: commit ${commit}, ${runs} runs of \`npx --yes pnpm test\` in fresh ` +
      `clones beside ${busy} busy processes, ${cpus().length} cores, Node.js ${process.version}`,
  );
  using _busy = keepBusy(busy);
  const results: GateRun[] = [];
  for (let run = 1; run <= runs; run++) {
    const result = await runOnce(commit, signal);
    results.push(result);
    console.log(
      `run ${run}: ${result.isGreen ? 'green' : 'RED'}, ${formatSeconds(result.seconds)}`,
    );
    for (const failure of result.failures) console.log(`  ${failure}`);
  }
  console.log(
    formatTable(
      ['run', 'result', 'passed', 'failed', 'skipped', 'install, build and tests'],
      results.map(({ isGreen, passed, failed, skipped, seconds }, i) => [
        `${i + 1}`,
        isGreen ? 'green' : 'RED',
        `${passed}`,
        `${failed}`,
        `${skipped}`,
        formatSeconds(seconds),
      ]),
    ),
  );
  return results.every(({ isGreen }) => isGreen);
}

async function runOnce(commit: string, signal: AbortSignal): Promise<GateRun> {
  const folder = mkdtempSync(join(tmpdir(), 'ringest-gate-'));
  // Some tests run a process as another user, who has to be able to read the clone.
  chmodSync(folder, 0o755);
  const clone = join(folder, 'clone');
  const report = join(folder, 'report.json');
  const log = join(folder, 'output.txt');
  git(REPOSITORY, 'clone', '--quiet', '--no-hardlinks', '.', clone);
  // Commits that come while the gate runs are left out.
  git(clone, 'checkout', '--quiet', commit);
  const { exitCode, seconds } = await runCommand(
    [
      'npx',
      '--yes',
      'pnpm',
      'test',
      '--reporter=default',
      '--reporter=json',
      `--outputFile=${report}`,
    ],
    { cwd: clone },
    log,
    signal,
  );
  const results = readTestResults(report);
  const isGreen = exitCode === 0 && results.failed === 0;
  if (isGreen) rmSync(folder, { recursive: true });
  else console.log(`exit status ${exitCode}; the output is in ${log}`);
  return { ...results, seconds, isGreen };
}
