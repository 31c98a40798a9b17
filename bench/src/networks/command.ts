import { wholeNumber } from '@ringest/indexer/command-line';
import { Argument, type Command } from 'commander';
import { circumstances } from '../report/circumstances.js';
import { formatSeconds } from '../shared/table.js';
import { CASES } from './cases.js';
import { whyNoNamespaces } from './namespaces.js';
import { type CaseResult, isUnharmed, runCase } from './run-case.js';
import { formatResult, formatResults } from './table.js';

const NAMES = CASES.map(({ name }) => name);
const MAX_SEED = 2 ** 31 - 1;

interface Flags {
  readonly quick: boolean;
  readonly seed: number;
  readonly json: boolean;
}

/** Adds `bench networks`. */
export function addNetworksCommand(program: Command): void {
  program
    .command('networks')
    .description('what becomes of entries in networks that lose, delay and cut; any lost: status 1')
    .addArgument(new Argument('[case...]', 'only these').choices(NAMES))
    .option('--quick', 'shorter faults', false)
    .option('--seed <n>', 'of what the networks do', wholeNumber(0, MAX_SEED), 1)
    .option('--json', 'end with a JSON object on the last line', false)
    .action(async (names: string[], flags: Flags) => {
      const why = whyNoNamespaces();
      if (why !== undefined) {
        console.log(`nothing was measured: ${why}`);
        return;
      }
      const { results, failed } = await runCases(names, flags);
      console.log(
        `\n${circumstances()
          .map(([name, text]) => `${name}: ${text}`)
          .join('\n')}\n`,
      );
      console.log(formatResults(results));
      if (flags.json) console.log(JSON.stringify({ results }));
      process.exitCode = failed === 0 && results.every(isUnharmed) ? 0 : 1;
    });
}

/** Runs them one after the other. One that cannot come to an end is told, and counted. */
async function runCases(names: readonly string[], flags: Flags) {
  const results: CaseResult[] = [];
  let failed = 0;
  for (const one of CASES) {
    if (names.length > 0 && !names.includes(one.name)) continue;
    const why = one.whyNot?.();
    if (why !== undefined) {
      console.log(`${one.name} was left out: ${why}`);
      continue;
    }
    const start = performance.now();
    try {
      const result = await runCase(one, flags);
      results.push(result);
      console.log(
        `${formatResult(result)} took ${formatSeconds((performance.now() - start) / 1000)}`,
      );
    } catch (error) {
      failed++;
      console.log(`${one.name} has failed: ${(error as Error).message}`);
    }
  }
  return { results, failed };
}
