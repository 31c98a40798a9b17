import { circumstances } from '../report/circumstances.js';
import { LoadRecorder } from '../report/load/load-recorder.js';
import { withResult } from '../report/result-flags.js';
import { LiveStatus } from '../status/live-status.js';
import { interruptible } from './interrupt.js';
import { formatKillReport } from './kill-report.js';
import { runWithKills } from './kill-run.js';
import type { KnownAccount } from './load-account.js';
import { type LoadObserver, observedBy } from './load-observer.js';
import { hasKills, type KillOptions, parseLoadOptions } from './load-options.js';
import { formatReport, isSound } from './load-report.js';
import { runLoad } from './load-run.js';

/** `pnpm load`: runs one load and prints what came of it. */
const options = parseLoadOptions(process.argv);
if (options.insecureSkipVerify) {
  console.error('load: certificates are not verified: any host that answers can read the entries');
}
const stop = interruptible();

try {
  const status = new LiveStatus(process.stderr, options.status ? options : undefined);
  stop.addEventListener('abort', () =>
    status.tell('interrupted: waiting for confirmations; a second interrupt ends it at once'),
  );
  const recorder = new LoadRecorder();
  const observer = options.report === undefined ? status : observedBy([status, recorder]);
  const report = await (hasKills(options)
    ? killAndTell(options, observer, recorder)
    : loadAndTell(observer, recorder));
  process.exitCode = isSound(report) ? 0 : 1;
} catch (error) {
  console.error(`load: ${(error as Error).message}`);
  process.exitCode = 1;
}

function loadAndTell(observer: LoadObserver, recorder: LoadRecorder): Promise<KnownAccount> {
  return withResult(
    options,
    async () => {
      const report = await runLoad(options, observer, stop);
      console.log(formatReport(report));
      return report;
    },
    async (report) => {
      const { loadPage } = await import('../report/load/load-page.js');
      return loadPage(report, recorder.recording, circumstances());
    },
  );
}

function killAndTell(
  kills: KillOptions,
  observer: LoadObserver,
  recorder: LoadRecorder,
): Promise<KnownAccount> {
  return withResult(
    kills,
    async () => {
      const report = await runWithKills(kills, observer, stop);
      console.log(formatKillReport(report));
      return report;
    },
    async (report) => {
      const { killPage } = await import('../report/load/kill-page.js');
      return killPage(report, recorder.recording, circumstances());
    },
  );
}
