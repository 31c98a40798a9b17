import {
  CASES,
  type CaseResult,
  formatResults,
  runCase,
  whyNoNamespaces,
} from '@ringest/bench/internal';
import { afterAll, describe, expect, it } from 'vitest';
import { scaled, soak, tellSeed } from '../../support/scale.js';

const why = whyNoNamespaces();
const reason = why === undefined ? '' : ` (left out: ${why})`;

describe.skipIf(why !== undefined)(`broken networks${reason}`, () => {
  const results: CaseResult[] = [];
  afterAll(() => console.log(formatResults(results)));

  it.each(CASES)('$name: nothing is lost, and all connect again', async (one) => {
    const whyNot = one.whyNot?.();
    if (whyNot !== undefined) return console.log(`${one.name} was left out: ${whyNot}`);
    tellSeed(soak.seed);
    const result = await runCase(one, { seed: soak.seed, quick: scaled(true, false) });
    results.push(result);
    const { totals, exitStatuses, recovery } = result;
    expect(totals.written).toBeGreaterThan(0);
    expect(totals).toMatchObject({ lost: 0, foreign: 0 });
    expect(exitStatuses).toEqual(exitStatuses.map(() => 0));
    expect(recovery.connectedMs).toBeDefined();
    expect(recovery.caughtUpMs).toBeDefined();
  });
});
