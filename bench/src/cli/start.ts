import { parseLoadOptions } from '../load/load-options.js';
import { formatReport, isSound } from '../load/load-report.js';
import { runLoad } from '../load/load-run.js';

/** `pnpm start`: the main job once, five million entries to an embedded indexer, compared to the byte. */
console.log('5,000,000 entries of 256 bytes to an embedded indexer, compared by digest …');
const flags = ['--entry-count', '5000000', '--entry-size', '256', '--batch', '1024', '--digest'];
const report = await runLoad(
  // Without the environment, which may have a secret of the user.
  parseLoadOptions(['node', 'start', ...flags], {}),
  {
    lost: (error) => console.error(error.message),
    progress: () => {},
    left: () => {},
  },
  new AbortController().signal,
);
console.log(formatReport(report));
process.exitCode = isSound(report) ? 0 : 1;
