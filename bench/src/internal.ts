/** What the tests of this repository use of the benchmarks. It may change at any time. */
export { simulate } from './balance/simulation.js';
export { ArrivalLog, readArrivalLog } from './chaos/arrival-log.js';
export { FAULTS, planFaults } from './chaos/plan.js';
export { LatencyLog } from './load/latency-log.js';
export type { LoadProgress } from './load/load-observer.js';
export { parseLoadOptions } from './load/load-options.js';
export { isSound, type LoadReport } from './load/load-report.js';
export { runLoad } from './load/load-run.js';
export { type Pace, Schedule } from './load/pace.js';
export { generatePages } from './reference/generated-pages.js';
export { TIME_DIFFERENCES, type TimeDifference } from './reference/time-differences.js';
export { comparePairs, confidenceOfEach, leastPairs, type Pair } from './shared/paired.js';
export { runCommand } from './shared/run-command.js';
export { formatSeconds, formatTable } from './shared/table.js';
export { readTestResults } from './soak/test-results.js';
export { formatLine, formatScreen } from './status/screen.js';
