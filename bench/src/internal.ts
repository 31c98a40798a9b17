/** What the tests of this repository use of the benchmarks. It may change at any time. */
export {
  FLEET_CASES,
  type FleetCase,
  type FleetRow,
  runFleetCase,
} from './balance/fleet/fleet-case.js';
export { simulate } from './balance/simulation.js';
export { ArrivalLog, readArrivalLog } from './chaos/arrival-log.js';
export { FAULTS, planFaults } from './chaos/plan.js';
export { CLEAN_BUILD } from './guard/built-checkout.js';
export { comparedCommit } from './guard/compared-commit.js';
export { isAsFast, runGuard } from './guard/guard.js';
export { type GuardRound, readRates } from './guard/guard-rounds.js';
export { compareRounds } from './guard/guard-verdict.js';
export { LatencyLog } from './load/latency-log.js';
export type { LoadProgress } from './load/load-observer.js';
export { parseLoadOptions } from './load/load-options.js';
export { isSound, type LoadReport } from './load/load-report.js';
export { runLoad } from './load/load-run.js';
export { type Pace, Schedule } from './load/pace.js';
export type { Case } from './networks/case.js';
export { CASES } from './networks/cases/index.js';
export { LineAccount } from './networks/line-account.js';
export { Link } from './networks/link.js';
export { QUEUE_BYTES, WELL } from './networks/link-faults.js';
export { whyNoNamespaces } from './networks/namespaces.js';
export {
  numberedLine,
  readNumberedLine,
  sourceOf as sourceOfLines,
} from './networks/numbered-lines.js';
export { attemptOf, endsOf, tooBig } from './networks/packet.js';
export { spreadOf } from './networks/reconnects.js';
export { type CaseResult, runCase } from './networks/run-case.js';
export { formatResults } from './networks/table.js';
export { generatePages } from './reference/generated-pages.js';
export { TIME_DIFFERENCES, type TimeDifference } from './reference/time-differences.js';
export { answerOf } from './shared/ask-child.js';
export { comparePairs, confidenceOfEach, leastPairs, type Pair } from './shared/paired.js';
export { SeededRandom } from './shared/random.js';
export { runCommand } from './shared/run-command.js';
export { formatSeconds, formatTable } from './shared/table.js';
export { Account } from './soak/hours/arrivals/account.js';
export { ArrivalWriter } from './soak/hours/arrivals/arrival-files.js';
export { StreamArrivals } from './soak/hours/arrivals/stream-arrivals.js';
export { finishAll, untilConnected } from './soak/hours/ending.js';
export { ALL_INDEXERS, type Place, planSoakFaults } from './soak/hours/faults.js';
export { problemsOf, type SoakOutcome, verdictOf } from './soak/hours/outcome.js';
export { mergeSelf } from './soak/hours/processes/self-watch.js';
export { judgeGrowth } from './soak/hours/record/growth.js';
export { recoveries } from './soak/hours/record/recovery.js';
export { longestSilence } from './soak/hours/record/silence.js';
export { removeLeftovers } from './soak/hours/run-folder.js';
export { readArrived, SoakEntries, sourceOf, tagOf } from './soak/hours/soak-entries.js';
export { readTestResults } from './soak/test-results.js';
export { formatLine, formatScreen } from './status/screen.js';
export { type Candidate, defaultChoices, makeSpace } from './tune/configurations.js';
export { countRounds, planRungs, type Rung } from './tune/plan.js';
export { RoundWindow } from './tune/round-window.js';
export { type Found, pairsOf, type Scored, search } from './tune/search.js';
export { checkArrived } from './tune/tune-indexers.js';
export { parseTuneOptions } from './tune/tune-options.js';
export type { TuneReport } from './tune/tune-report.js';
export { formatTuneReport } from './tune/tune-text.js';
export { recommend } from './tune/verdict.js';
