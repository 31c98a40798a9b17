import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { REPOSITORY } from '../shared/repository.js';
import { runCommand } from '../shared/run-command.js';
import { formatSeconds, formatTable } from '../shared/table.js';
import type { LongForm } from './long-forms.js';
import { readTestResults, type TestResults } from './test-results.js';

export interface SoakOptions {
  /** Shared by the forms that go on for a given time. */
  readonly minutes: number;
  readonly seed: number;
}

interface FormResult extends TestResults {
  readonly form: LongForm;
  readonly seconds: number;
  readonly isGreen: boolean;
}

/** A test may take all the time of its form, and some for what comes before and after. */
const SPARE_SECONDS = 3600;

/**
 * Runs long forms one after the other, and prints a table at the end.
 * @returns whether all were green
 */
export async function runForms(
  forms: readonly LongForm[],
  options: SoakOptions,
  signal: AbortSignal,
): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'ringest-soak-'));
  console.log(`${new Date().toISOString()}: seed ${options.seed}, output in ${folder}`);
  const allParts = forms.reduce((sum, { parts }) => sum + parts, 0);
  const results: FormResult[] = [];
  for (const form of forms) {
    console.log(`${form.name}: ${form.description} …`);
    const seconds = Math.ceil((options.minutes * 60 * form.parts) / Math.max(1, allParts));
    const result = await runForm(form, seconds, options.seed, folder, signal);
    results.push(result);
    console.log(`  ${result.isGreen ? 'green' : 'RED'}, ${formatSeconds(result.seconds)}`);
    for (const failure of result.failures) console.log(`  ${failure}`);
  }
  console.log(
    formatTable(
      ['form', 'result', 'passed', 'failed', 'skipped', 'took'],
      results.map(({ form, isGreen, passed, failed, skipped, seconds }) => [
        form.name,
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

async function runForm(
  form: LongForm,
  seconds: number,
  seed: number,
  folder: string,
  signal: AbortSignal,
): Promise<FormResult> {
  const report = join(folder, `${form.name}.json`);
  const vitest = join(REPOSITORY, 'node_modules/vitest/vitest.mjs');
  const node: [string, ...string[]] =
    form.node === undefined
      ? [process.execPath]
      : ['npx', '--yes', '--package', `node@${form.node}`, 'node'];
  // Under another release of Node.js the suite is the one of the test command.
  const long =
    form.node === undefined
      ? { RINGEST_SOAK: '1', RINGEST_SOAK_SECONDS: `${seconds}`, RINGEST_SOAK_SEED: `${seed}` }
      : {};
  const timeout =
    form.node === undefined ? [`--testTimeout=${(seconds + SPARE_SECONDS) * 1000}`] : [];
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile=${report}`];
  const ended = await runCommand(
    [...node, vitest, 'run', ...form.tests, ...timeout, ...reporters],
    { cwd: REPOSITORY, env: { ...process.env, ...long } },
    join(folder, `${form.name}.txt`),
    signal,
  );
  const results = readTestResults(report);
  const isGreen = ended.exitCode === 0 && results.failed === 0;
  return { form, ...results, seconds: ended.seconds, isGreen };
}
