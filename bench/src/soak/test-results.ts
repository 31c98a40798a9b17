import { readFileSync } from 'node:fs';

/** How many tests of a run passed, failed and were skipped. */
export interface TestResults {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Of the tests that failed, and of the files that could not be loaded. */
  readonly failures: readonly string[];
}

/** The part of Vitest's JSON report that is read here. */
interface JsonReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly fullName: string; readonly status: string }[];
  }[];
}

/**
 * Reads the report that `vitest run --reporter=json --outputFile=…` writes.
 * @returns one failure and nothing else where there is no report: the run did not get that far
 */
export function readTestResults(file: string): TestResults {
  let report: JsonReport;
  try {
    report = JSON.parse(readFileSync(file, 'utf8')) as JsonReport;
  } catch (cause) {
    return { passed: 0, failed: 1, skipped: 0, failures: [`no report of the tests: ${cause}`] };
  }
  const failures = report.testResults.flatMap(({ name, status, assertionResults }) => {
    const failed = assertionResults.filter((test) => test.status === 'failed');
    if (failed.length > 0) return failed.map(({ fullName }) => `${name}: ${fullName}`);
    return status === 'failed' ? [`${name}: could not be run`] : [];
  });
  return {
    passed: report.numPassedTests,
    // A file that cannot be loaded has no test that fails.
    failed: Math.max(report.numFailedTests, failures.length),
    skipped: report.numPendingTests,
    failures,
  };
}
