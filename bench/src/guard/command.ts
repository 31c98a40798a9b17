import { positiveDuration, wholeNumber } from '@ringest/indexer/command-line';
import type { Command } from 'commander';
import { interruptible } from '../load/interrupt.js';
import { circumstances } from '../report/circumstances.js';
import { addResultFlags, type ResultFlags, withResult } from '../report/result-flags.js';
import { REPOSITORY } from '../shared/repository.js';
import { formatTable } from '../shared/table.js';
import { CLEAN_BUILD, checkoutsFolder } from './built-checkout.js';
import { type GuardReport, isAsFast, runGuard } from './guard.js';
import type { GuardRow } from './guard-verdict.js';

interface Flags extends ResultFlags {
  against?: string;
  rounds: number;
  duration: number;
}

/** Adds `bench guard`. */
export function addGuardCommand(program: Command): void {
  const command = program
    .command('guard')
    .description('what became slower or faster than another commit, beyond noise; slower: status 1')
    .option(
      '--against <commit>',
      'the other commit (default: where this branch left main; on main the last one, or the one ' +
        'before it if everything is committed)',
    )
    .option('--rounds <n>', 'how often each is measured, in turn', wholeNumber(1, 100), 14)
    .option('--duration <time>', 'how long each way of writing is measured', positiveDuration, 200);
  addResultFlags(command).action(async (flags: Flags) => {
    const report = await withResult(
      flags,
      () => measure(flags),
      async (result) => {
        const { guardPage } = await import('../report/bench/guard-page.js');
        return guardPage(result, circumstances());
      },
    );
    process.exitCode = isAsFast(report) ? 0 : 1;
  });
}

async function measure({ against, rounds, duration }: Flags): Promise<GuardReport> {
  const report = await runGuard(
    {
      repository: REPOSITORY,
      against,
      rounds,
      durationMs: duration,
      build: CLEAN_BUILD,
      checkouts: checkoutsFolder(),
    },
    (what) => console.error(`guard: ${what}`),
    interruptible(),
  );
  console.log(formatGuard(report));
  return report;
}

const HEAD = ['', 'there', 'here', 'ratio', '', 'here it is'];

/** The report for people. */
export function formatGuard(report: GuardReport): string {
  const { against, rows, onlyHere, onlyThere, rounds, leastRounds, noise, confidence } = report;
  const names = (which: string, found: readonly string[]) =>
    found.length === 0 ? [] : [`only ${which}: ${found.join('; ')}`];
  return [
    `here${report.isDirty ? ', with what is not committed,' : ''} against ${against.hash.slice(0, 10)}; ` +
      `million entries a second, medians of ${rounds} rounds in turn`,
    '',
    formatTable(HEAD, rows.map(rowOf)),
    ...names('here', onlyHere),
    ...names('there', onlyThere),
    '',
    ...(noise === null
      ? [
          `${rounds} rounds are too few to tell anything from noise: give --rounds ${leastRounds} or more`,
        ]
      : [
          `${summaryOf(report)}, ${confidence * 100}% sure of all rows together`,
          `a fall of less than ${Math.ceil(noise * 100)}% is within the noise of a usual row`,
        ]),
  ].join('\n');
}

function summaryOf({ rows }: GuardReport): string {
  const count = (change: GuardRow['change']) => rows.filter((row) => row.change === change).length;
  const [slower, faster] = [count('slower'), count('faster')];
  if (slower + faster === 0) return 'no difference beyond noise';
  return `${slower} slower, ${faster} faster, ${count('same')} without a difference beyond noise`;
}

function rowOf({ name, here, there, ratio, low, high, change }: GuardRow): string[] {
  const million = (rate: number) => (rate / 1e6).toFixed(2);
  const interval = low === null || high === null ? '' : `${low.toFixed(2)} to ${high.toFixed(2)}`;
  const verdict = change === 'same' ? 'no difference' : change;
  return [name, million(there), million(here), ratio.toFixed(3), interval, verdict];
}
