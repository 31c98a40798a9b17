/** What the tests of this repository use of the reports. What draws takes a while to load. */

export type { GuardReport } from '../guard/guard.js';
export type { SoakOutcome } from '../soak/hours/outcome.js';
export type { TuneReport } from '../tune/tune-report.js';
export { benchPage } from './bench/bench-page.js';
export { guardPage } from './bench/guard-page.js';
export type { BenchName, BenchResults } from './bench/results.js';
export { commandLine } from './circumstances.js';
export { logTicks } from './figures/ticks.js';
export { loadPage } from './load/load-page.js';
export { LoadRecorder } from './load/load-recorder.js';
export type { Recording } from './load/recording.js';
export { renderPage } from './page/render-page.js';
export { ReportFile, ReportFileError } from './report-file.js';
export { soakPage } from './soak/soak-page.js';
export { tunePage } from './tune/tune-page.js';
