import { wholeNumber } from '@ringest/indexer/command-line';
import { Argument, type Command } from 'commander';
import { circumstances } from '../report/circumstances.js';
import { formatSeconds } from '../shared/table.js';
import type { Case } from './case.js';
import { CASES } from './cases/index.js';
import { whyNoNamespaces } from './namespaces.js';
import { type CaseOutcome, runCases } from './run-cases.js';
import { formatResult, formatResults } from './table.js';

const NAMES = CASES.map(({ name }) => name);
const MAX_SEED = 2 ** 31 - 1;
/** Seven processes of Node.js each. */
const MAX_AT_ONCE = 32;

interface Flags {
  readonly quick: boolean;
  readonly seed: number;
  readonly atOnce: number;
  readonly json: boolean;
}

/** Adds `bench networks`. Its standard output is two tables; what it tells while it runs goes to its standard error. */
export function addNetworksCommand(program: Command): void {
  program
    .command('networks')
    .description('what becomes of entries in networks that lose, delay and cut; any lost: status 1')
    .addArgument(new Argument('[case...]', 'only these').choices(NAMES))
    .option('--quick', 'shorter faults', false)
    .option('--seed <n>', 'of what the networks do', wholeNumber(0, MAX_SEED), 1)
    .option('--at-once <n>', 'how many networks at a time', wholeNumber(1, MAX_AT_ONCE), 3)
    .option('--json', 'end with a JSON object on the last line', false)
    .action(async (names: string[], flags: Flags) => {
      const why = whyNoNamespaces();
      if (why !== undefined) {
        console.log(`nothing was measured: ${why}`);
        return;
      }
      const asked = CASES.filter(({ name }) => names.length === 0 || names.includes(name));
      const cases = asked.filter(isPossible);
      const outcomes = await runCases(cases, flags, flags.atOnce, tell);
      const results = outcomes.flatMap(({ result }) => (result instanceof Error ? [] : [result]));
      for (const [name, text] of circumstances()) console.error(`${name}: ${text}`);
      console.log(formatResults(results));
      if (flags.json) console.log(JSON.stringify({ results }));
      const isWell = results.every(({ problems }) => problems.length === 0);
      process.exitCode = isWell && results.length === cases.length ? 0 : 1;
    });
}

/** Whether a case can be run here; if not, it says why. */
function isPossible({ name, whyNot }: Case): boolean {
  const why = whyNot?.();
  if (why !== undefined) console.error(`${name} was left out: ${why}`);
  return why === undefined;
}

function tell({ case: { name }, seconds, result }: CaseOutcome): void {
  const text =
    result instanceof Error ? `${name} has failed: ${result.message}` : formatResult(result);
  console.error(`${text} (took ${formatSeconds(seconds)})`);
}
