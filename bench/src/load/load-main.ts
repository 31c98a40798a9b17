import { circumstances } from '../report/circumstances.js';
import { LoadRecorder } from '../report/load/load-recorder.js';
import { withResult } from '../report/result-flags.js';
import { LiveStatus } from '../status/live-status.js';
import { interruptible } from './interrupt.js';
import { formatKillReport } from './kill-report.js';
import { runWithKills } from './kill-run.js';
import type { KnownAccount } from './load-account.js';
import { type LoadObserver, observedBy } from './load-observer.js';
import { hasKills, type KillOptions, type LoadOptions } from './load-options.js';
import { formatReport, isSound } from './load-report.js';
import { runLoad } from './load-run.js';

/**
 * Runs one load and prints what came of it.
 * @param caller what the command is called by
 * @returns the exit status
 */
export async function runLoadCommand(options: LoadOptions, caller: string): Promise<number> {
  if (options.insecureSkipVerify) {
    console.error(
      'load: certificates are not verified: any host that answers can read the entries',
    );
  }
  const stop = interruptible();
  try {
    const status = new LiveStatus(process.stderr, options.status ? options : undefined);
    stop.addEventListener('abort', () =>
      status.tell('interrupted: waiting for confirmations; a second interrupt ends it at once'),
    );
    const recorder = new LoadRecorder();
    const observer = options.report === undefined ? status : observedBy([status, recorder]);
    const run = { observer, recorder, stop, caller };
    const report = await (hasKills(options)
      ? killAndTell(options, run)
      : loadAndTell(options, run));
    return isSound(report) ? 0 : 1;
  } catch (error) {
    console.error(`load: ${(error as Error).message}`);
    return 1;
  }
}

/** What one load runs with. */
interface Run {
  readonly observer: LoadObserver;
  readonly recorder: LoadRecorder;
  readonly stop: AbortSignal;
  readonly caller: string;
}

function loadAndTell(
  options: LoadOptions,
  { observer, recorder, stop, caller }: Run,
): Promise<KnownAccount> {
  return withResult(
    options,
    async () => {
      const report = await runLoad(options, observer, stop);
      console.log(formatReport(report));
      return report;
    },
    async (report) => {
      const { loadPage } = await import('../report/load/load-page.js');
      return loadPage(report, recorder.recording, circumstances(caller));
    },
  );
}

function killAndTell(
  options: KillOptions,
  { observer, recorder, stop, caller }: Run,
): Promise<KnownAccount> {
  return withResult(
    options,
    async () => {
      const report = await runWithKills(options, observer, stop);
      console.log(formatKillReport(report));
      return report;
    },
    async (report) => {
      const { killPage } = await import('../report/load/kill-page.js');
      return killPage(report, recorder.recording, circumstances(caller));
    },
  );
}
