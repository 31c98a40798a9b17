import { positiveDuration } from '@ringest/indexer/command-line';
import { Command } from 'commander';
import { formatRuns, RUNS, type RunReport, runOne } from '../first-minute/runs.js';
import { interruptible } from '../load/interrupt.js';
import { isSound } from '../load/load-report.js';

/** `pnpm start`: what ringest does, in half a minute. */
const program = new Command('start')
  .description('Show in half a minute what ringest does on this machine')
  .option('--duration <time>', 'how long each run writes', positiveDuration, 4000)
  .parse();
const { duration } = program.opts<{ duration: number }>();
const stop = interruptible();

const NEXT = `
Try next:
  npx pnpm load --rate 50000/s --content syslog           # latency at a pace
  npx pnpm load --cache-mode journal --kill-every 2s      # kill -9 again and again, nothing is lost
  npx pnpm load --help                                    # your own indexers, and all else`;

console.log(
  'Lines of logs, 256 bytes each, to an embedded indexer in another process on this machine.',
);
try {
  const reports = await runAll();
  console.log(`\n${formatRuns(reports)}`);
  if (!stop.aborted) console.log(NEXT);
  process.exitCode = reports.every(({ report }) => isSound(report)) ? 0 : 1;
} catch (error) {
  console.error(`start: ${(error as Error).message}`);
  process.exitCode = 1;
}

/** Until one is interrupted, which has a report of what it did by then. */
async function runAll(): Promise<RunReport[]> {
  const reports: RunReport[] = [];
  for (const [i, run] of RUNS.entries()) {
    if (stop.aborted) break;
    console.log(`${i + 1} of ${RUNS.length}: ${run.title} …`);
    reports.push(await runOne(run, duration, stop));
  }
  return reports;
}
