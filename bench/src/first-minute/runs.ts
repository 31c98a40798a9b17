import { parseLoadOptions } from '../load/load-options.js';
import type { LoadReport } from '../load/load-report.js';
import { runLoad } from '../load/load-run.js';
import { count } from '../load/report-rows.js';
import { formatTable } from '../shared/table.js';

/** One of the loads that a newcomer sees. */
export interface Run {
  readonly title: string;
  readonly flags: readonly string[];
}

/** A run, and what came of it. */
export interface RunReport {
  readonly run: Run;
  readonly report: LoadReport;
}

const COMMON = ['--content', 'lines', '--entry-size', '256'];

export const RUNS: readonly Run[] = [
  { title: 'lines', flags: ['--lines'] },
  { title: 'entries', flags: ['--batch', '1024'] },
  { title: 'compared to the byte', flags: ['--lines', '--digest'] },
];

/** @param duration milliseconds of writing; what is compared is written for half of it */
export async function runOne(run: Run, duration: number, stop: AbortSignal): Promise<RunReport> {
  const isCompared = run.flags.includes('--digest');
  const flags = [...run.flags, ...COMMON, '--duration', `${duration / (isCompared ? 2 : 1)}ms`];
  // Without the environment, which may have a secret of the user.
  const options = parseLoadOptions(['node', 'start', ...flags], {});
  const observer = {
    lost: ({ message }: Error) => console.error(message),
    started() {},
    ended() {},
    happened() {},
    left() {},
  };
  return { run, report: await runLoad(options, observer, stop) };
}

const HEAD = ['run', 'entries/s', 'MB/s', 'cpu s/M', 'ack p50, p99', 'lost', 'doubled', 'contents'];

/** What came of all runs, as a table. */
export function formatRuns(reports: readonly RunReport[]): string {
  return formatTable(HEAD, reports.map(row));
}

function row({ run, report }: RunReport): string[] {
  const { p50, p99 } = report.ackLatencyMs;
  const verdicts = { true: 'equal', false: 'DIFFERENT', undefined: 'counted' };
  return [
    run.title,
    count(report.entriesPerSecond),
    report.megabytesPerSecond.toFixed(0),
    ((report.cpuSeconds / report.entries) * 1e6).toFixed(2),
    `${p50.toFixed(0)} ms, ${p99.toFixed(0)} ms`,
    count(report.lost),
    count(report.duplicated ?? 0),
    verdicts[`${report.digestMatches}`],
  ];
}
