import { type Case, lengthOf } from './case.js';
import { type CaseResult, type CaseSettings, runCase } from './run-case.js';

/** What became of a case: an error if it did not come to its end. */
export interface CaseOutcome {
  readonly case: Case;
  readonly seconds: number;
  readonly result: CaseResult | Error;
}

/**
 * Runs cases beside each other, the longest first. Those that need the machine for themselves come last, one after
 * the other.
 * @param atOnce how many run at a time
 * @param onOutcome is called as each ends
 * @returns what became of them, in their order
 */
export async function runCases(
  cases: readonly Case[],
  settings: CaseSettings,
  atOnce: number,
  onOutcome: (outcome: CaseOutcome) => void,
): Promise<CaseOutcome[]> {
  const outcomes = new Map<Case, CaseOutcome>();
  const run = async (one: Case) => {
    const outcome = await outcomeOf(one, settings);
    outcomes.set(one, outcome);
    onOutcome(outcome);
  };
  const waiting = cases
    .filter(({ isAlone }) => !isAlone)
    .toSorted((a, b) => lengthOf(b.lasts, settings.quick) - lengthOf(a.lasts, settings.quick));
  const worker = async () => {
    for (let one = waiting.shift(); one !== undefined; one = waiting.shift()) await run(one);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  for (const one of cases) if (one.isAlone) await run(one);
  return cases.flatMap((one) => outcomes.get(one) ?? []);
}

async function outcomeOf(one: Case, settings: CaseSettings): Promise<CaseOutcome> {
  const start = performance.now();
  const result = await runCase(one, settings).catch((error: Error) => error);
  return { case: one, seconds: (performance.now() - start) / 1000, result };
}
