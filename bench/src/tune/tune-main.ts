import { INTERRUPTED, interruptible } from '../load/interrupt.js';
import { circumstances } from '../report/circumstances.js';
import { withResult } from '../report/result-flags.js';
import { tune } from './tune.js';
import type { TuneOptions } from './tune-options.js';
import { TuneScreen } from './tune-screen.js';
import { formatTuneReport } from './tune-text.js';

/**
 * Looks for a configuration and prints which, and how sure that is.
 * @param caller what the command is called by
 * @returns the exit status
 */
export async function runTuneCommand(options: TuneOptions, caller: string): Promise<number> {
  if (options.load.insecureSkipVerify) {
    console.error(
      'tune: certificates are not verified: any host that answers can read the entries',
    );
  }
  const stop = interruptible();
  const screen = new TuneScreen(process.stderr);
  try {
    await withResult(
      options,
      async () => {
        const report = await tune(options, screen, stop).finally(() => screen.end());
        console.log(formatTuneReport(report, caller));
        return report;
      },
      async (report) => {
        const { tunePage } = await import('../report/tune/tune-page.js');
        return tunePage(report, circumstances(caller));
      },
    );
    return 0;
  } catch (error) {
    console.error(`tune: ${(error as Error).message}`);
    return stop.aborted ? INTERRUPTED : 1;
  }
}
