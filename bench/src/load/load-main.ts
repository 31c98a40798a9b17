import { LiveStatus } from '../status/live-status.js';
import { interruptible } from './interrupt.js';
import { formatKillReport } from './kill-report.js';
import { runWithKills } from './kill-run.js';
import type { KnownAccount } from './load-account.js';
import { hasKills, parseLoadOptions } from './load-options.js';
import { formatReport, isSound } from './load-report.js';
import { runLoad } from './load-run.js';

/** `pnpm load`: runs one load and prints what came of it. */
const options = parseLoadOptions(process.argv);
if (options.insecureSkipVerify) {
  console.error('load: certificates are not verified: any host that answers can read the entries');
}
const stop = interruptible();

try {
  const report = await run();
  if (options.json) console.log(JSON.stringify(report));
  process.exitCode = isSound(report) ? 0 : 1;
} catch (error) {
  console.error(`load: ${(error as Error).message}`);
  process.exitCode = 1;
}

/** Runs the load, and prints the report for people. */
async function run(): Promise<KnownAccount> {
  const status = new LiveStatus(process.stderr, options.status ? options : undefined);
  stop.addEventListener('abort', () =>
    status.tell('interrupted: waiting for confirmations; a second interrupt ends it at once'),
  );
  if (hasKills(options)) {
    const report = await runWithKills(options, status, stop);
    console.log(formatKillReport(report));
    return report;
  }
  const report = await runLoad(options, status, stop);
  console.log(formatReport(report));
  return report;
}
