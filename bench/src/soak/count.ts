import { readTestResults } from './test-results.js';

/** Sums up Vitest's JSON reports in one line: `N passed, N failed`, and what was skipped. */
const all = process.argv.slice(2).map(readTestResults);
const sum = (key: 'passed' | 'failed' | 'skipped') => all.reduce((n, one) => n + one[key], 0);
for (const failure of all.flatMap(({ failures }) => failures)) console.log(`failed: ${failure}`);
const skipped = sum('skipped') > 0 ? `, ${sum('skipped')} skipped` : '';
console.log(`${sum('passed')} passed, ${sum('failed')} failed${skipped}`);
process.exitCode = sum('failed') > 0 ? 1 : 0;
