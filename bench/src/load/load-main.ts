import { Presets, SingleBar } from 'cli-progress';
import { interruptible } from './interrupt.js';
import { formatKillReport } from './kill-report.js';
import { runWithKills } from './kill-run.js';
import type { KnownAccount } from './load-account.js';
import type { LoadObserver } from './load-observer.js';
import { hasKills, type LoadOptions, parseLoadOptions } from './load-options.js';
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
  const { observer, close } = watch(options);
  if (hasKills(options)) {
    const report = await runWithKills(options, observer, stop).finally(close);
    console.log(formatKillReport(report));
    return report;
  }
  const report = await runLoad(options, observer, stop).finally(close);
  console.log(formatReport(report));
  return report;
}

/** Failed connections on standard error, and a progress bar where somebody can see it. */
function watch({ status, entryCount, durationMs }: LoadOptions): {
  observer: LoadObserver;
  close: () => void;
} {
  const isTimed = Number.isFinite(durationMs);
  const total = isTimed ? durationMs / 1000 : entryCount;
  const bar = new SingleBar(
    {
      format: `{bar} {percentage}% | {entries} entries | {rate} entries/s`,
      stream: process.stderr,
      hideCursor: true,
      clearOnComplete: true,
    },
    Presets.shades_classic,
  );
  if (status) bar.start(total, 0, { entries: 0, rate: 0 });
  return {
    observer: {
      lost: (error, retryInMs) =>
        console.error(`load: ${error.message}; next attempt in ${(retryInMs / 1000).toFixed(1)} s`),
      progress(entries, elapsedMs) {
        if (!status) return;
        const rate = Math.round((entries / elapsedMs) * 1000);
        bar.update(isTimed ? elapsedMs / 1000 : entries, { entries, rate });
      },
      left: (path) => console.error(`load: entries are left in the cache in ${path}`),
    },
    close: () => bar.stop(),
  };
}
