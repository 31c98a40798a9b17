/** What the tests of this repository use of the benchmarks. It may change at any time. */
export { simulate } from './balance/simulation.js';
export { parseLoadOptions } from './load/load-options.js';
export { isSound, type LoadReport } from './load/load-report.js';
export { runLoad } from './load/load-run.js';
export { generatePages } from './reference/generated-pages.js';
export { TIME_DIFFERENCES, type TimeDifference } from './reference/time-differences.js';
export { runCommand } from './soak/run-command.js';
export { formatSeconds, formatTable } from './soak/table.js';
export { readTestResults } from './soak/test-results.js';
