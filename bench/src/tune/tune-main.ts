import { availableParallelism } from 'node:os';
import { INTERRUPTED, interruptible } from '../load/interrupt.js';
import { circumstances } from '../report/circumstances.js';
import { withResult } from '../report/result-flags.js';
import { tune } from './tune.js';
import { parseTuneOptions } from './tune-options.js';
import { TuneScreen } from './tune-screen.js';
import { formatTuneReport } from './tune-text.js';

/** `pnpm tune`: looks for a configuration and prints which, and how sure that is. */
const options = parseTuneOptions(process.argv, process.env, availableParallelism());
if (options.load.insecureSkipVerify) {
  console.error('tune: certificates are not verified: any host that answers can read the entries');
}
const stop = interruptible();
const screen = new TuneScreen(process.stderr);

try {
  await withResult(
    options,
    async () => {
      const report = await tune(options, screen, stop).finally(() => screen.end());
      console.log(formatTuneReport(report));
      return report;
    },
    async (report) => {
      const { tunePage } = await import('../report/tune/tune-page.js');
      return tunePage(report, circumstances());
    },
  );
} catch (error) {
  console.error(`tune: ${(error as Error).message}`);
  process.exitCode = stop.aborted ? INTERRUPTED : 1;
}
