import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { INTERRUPTED } from '../../load/interrupt.js';
import { circumstances } from '../../report/circumstances.js';
import { ReportFile } from '../../report/report-file.js';
import { problemsOf, repeatCommand } from './outcome.js';
import { PARTS } from './parts/index.js';
import { runHours } from './run-hours.js';
import { formatOutcome } from './summary.js';

/** What is said on the command line. */
export interface HoursFlags {
  readonly hours: number;
  readonly seed: number;
  readonly rate: number;
  /** `undefined`: a new folder in the system's temporary one. */
  readonly out: string | undefined;
  /** A file for the page; `undefined`: in that folder. */
  readonly report: string | undefined;
}

/**
 * Runs load through everything for hours, prints what came of it, and writes the page.
 * @returns the exit status: 0 if nothing was wrong, and 130 if that is so but the run was ended before its time
 * @throws {ReportFileError} the page cannot be written: if that is known beforehand, nothing is run
 */
export async function runHoursCommand(flags: HoursFlags, stop: AbortSignal): Promise<number> {
  const { hours, seed, rate } = flags;
  const out = flags.out ?? mkdtempSync(join(tmpdir(), 'ringest-soak-record-'));
  mkdirSync(out, { recursive: true });
  using report = new ReportFile(flags.report ?? join(out, 'soak.html'));
  console.log(`${new Date().toISOString()}: ${hours} hours, seed ${seed}, record in ${out}`);
  const audience = {
    told: (line: string) => console.log(line),
    warned: (line: string) => console.error(line),
  };
  const outcome = await runHours({ hours, seed, rate, out }, PARTS, audience, stop);
  console.log(`\n${formatOutcome(outcome)}`);
  // What draws takes a quarter of a second to load.
  const { soakPage } = await import('../../report/soak/soak-page.js');
  const { renderPage } = await import('../../report/page/render-page.js');
  report.write(renderPage(soakPage(outcome, circumstances())));
  console.log(`the report is in ${report.path}`);
  if (problemsOf(outcome).length > 0) {
    console.error(`to repeat it: ${repeatCommand(outcome)}`);
    return 1;
  }
  return outcome.isInterrupted ? INTERRUPTED : 0;
}
