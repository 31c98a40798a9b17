/** What the tests and the benchmarks of this repository use beside the public face. It may change at any time. */
export * from './balance/simulation.js';
export * from './load/load-options.js';
export * from './load/load-report.js';
export * from './load/load-run.js';
export * from './reference/generated-pages.js';
export * from './soak/run-command.js';
export * from './soak/table.js';
export * from './soak/test-results.js';
