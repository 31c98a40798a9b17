import {
  CASES,
  type Case,
  type CaseResult,
  formatResults,
  runCase,
  whyNoNamespaces,
} from '@ringest/bench/internal';
import { afterAll, describe, it, type TestContext } from 'vitest';
import { repeatWith, scaled, soak } from '../../support/scale.js';

const why = whyNoNamespaces();
const reason = why === undefined ? '' : ` (left out: ${why})`;
const together = CASES.filter(({ isAlone }) => !isAlone);
const alone = CASES.filter(({ isAlone }) => isAlone);

describe.skipIf(why !== undefined)(`broken networks${reason}`, () => {
  const results = new Map<Case, CaseResult>();
  afterAll(() => console.log(formatResults(CASES.flatMap((one) => results.get(one) ?? []))));

  async function run(one: Case, { expect, onTestFailed, skip }: TestContext): Promise<void> {
    const whyNot = one.whyNot?.();
    if (whyNot !== undefined) {
      console.log(`${one.name} was left out: ${whyNot}`);
      skip(whyNot);
    }
    onTestFailed(() => console.error(`to repeat it: ${repeatWith(soak.seed)}`));
    const result = await runCase(one, { seed: soak.seed, quick: scaled(true, false) });
    results.set(one, result);
    expect(result.problems).toEqual([]);
  }

  // `maxConcurrency` of the project says how many at a time.
  it.concurrent.for(together)('$name: nothing is lost, and all become well again', run);
  it.for(alone)('$name, alone: nothing is lost, and all become well again', run);
});
