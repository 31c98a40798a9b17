import { POLICIES, type Policy } from '@ringest/core';
import { wholeNumber } from '@ringest/indexer/command-line';
import { type Command, Option } from 'commander';
import type { BenchName, BenchResults } from '../report/bench/results.js';
import { circumstances } from '../report/circumstances.js';
import { addResultFlags, type ResultFlags, withResult } from '../report/result-flags.js';
import { type BalanceReport, runBalance } from './balance.js';
import type { FleetSize } from './fleet/fleet.js';
import { FLEET_CASES, type FleetCase, runFleetCase } from './fleet/fleet-case.js';
import { FLEET_SIZES, fleetSize, fleetTable } from './fleet/fleet-text.js';
import { type SimulationRow, simulate } from './simulation.js';

const DESCRIPTION = 'how batches are shared among indexers, by policy: over sockets, or simulated';
const FLEET_DESCRIPTION = 'many ingesters on the same indexers, in simulated time';
const SIZES = [1, 10, 100, 1000];
const FIRST_COLUMN = 38;
const COLUMN = 18;

/** Adds `bench balance`. */
export function addBalanceCommand(program: Command): void {
  const command = program
    .command('balance')
    .description(DESCRIPTION)
    .option('--simulate', 'in simulated time, without sockets, with 1 to 1000 indexers', false)
    .addOption(
      new Option(
        '--fleet [size...]',
        'in simulated time, many ingesters that share indexers; as 100x8',
      )
        .argParser(fleetSize)
        .conflicts('simulate'),
    )
    .option('--seed <n>', 'of a simulation', wholeNumber(0, 2 ** 31 - 1), 1);
  addResultFlags(command).action(async (options: Options) => {
    const page = async <Name extends BenchName>(name: Name, result: BenchResults[Name]) => {
      const { benchPage } = await import('../report/bench/bench-page.js');
      const description = name === 'fleet' ? FLEET_DESCRIPTION : DESCRIPTION;
      return benchPage(name, description, result, circumstances());
    };
    if (options.fleet !== undefined) {
      const sizes = options.fleet === true ? FLEET_SIZES : options.fleet;
      await withResult(
        options,
        async () => runFleets(sizes, options.seed),
        (result) => page('fleet', result),
        ({ seed, rows }) => ({ seed, rows: rows.map(({ looks: _, ...figures }) => figures) }),
      );
    } else if (options.simulate) {
      const simulate = async () => runSimulation(options.seed);
      await withResult(options, simulate, (result) => page('simulation', result));
    } else {
      await withResult(
        options,
        runSockets,
        (result) => page('balance', result),
        // The policy that muxers have by default.
        (result) => ofPolicy(result, 'expectedTime'),
      );
    }
  });
}

interface Options extends ResultFlags {
  readonly simulate: boolean;
  /** `true`: of the usual sizes; `undefined`: none. */
  readonly fleet?: readonly FleetSize[] | true;
  readonly seed: number;
}

function runSockets(): Promise<BalanceReport> {
  tell('', POLICIES);
  return runBalance((name, found) =>
    tell(
      name,
      POLICIES.map((policy) => text(found[policy])),
    ),
  );
}

/** A time that has no end is `null` in JSON. */
function ofPolicy({ equal, oneSlow, jump, far }: BalanceReport, policy: Policy) {
  return {
    equal: { maxShareDeviation: rounded(equal.maxShareDeviation[policy]) },
    oneSlow: { ratioToHealthyAlone: rounded(oneSlow.ratioToHealthyAlone[policy]) },
    jump: { secondsToShift: rounded(jump.secondsToShift[policy]) },
    far: { entriesPerSecond: Math.round(far.entriesPerSecond[policy]) },
  };
}

function runSimulation(seed: number): { seed: number; rows: SimulationRow[] } {
  console.log(`seed ${seed}`);
  tell('indexers, policy', ['share / capacity', 'mean ms', 'p99 ms', 'ns a pick']);
  const rows: SimulationRow[] = [];
  for (const size of SIZES) {
    for (const policy of POLICIES) {
      const row = simulate(size, policy, seed);
      const { leastShare, greatestShare, meanMs, p99Ms, pickNs } = row;
      tell(`${size}, ${policy}`, [
        `${leastShare.toFixed(2)} to ${greatestShare.toFixed(2)}`,
        meanMs.toFixed(1),
        p99Ms.toFixed(1),
        pickNs.toFixed(0),
      ]);
      rows.push(row);
    }
  }
  return { seed, rows };
}

function runFleets(sizes: readonly FleetSize[], seed: number): BenchResults['fleet'] {
  console.log(`seed ${seed}\n`);
  const rows = (Object.keys(FLEET_CASES) as FleetCase[]).flatMap((name) => {
    const ofCase = sizes.map((size) => runFleetCase(name, size, seed));
    console.log(fleetTable(name, ofCase));
    return ofCase;
  });
  return { seed, rows };
}

function tell(name: string, columns: readonly string[]): void {
  const cells = columns.map((column) => column.padEnd(COLUMN));
  console.log([name.padEnd(FIRST_COLUMN), ...cells].join('').trimEnd());
}

function text(value: number): string {
  if (!Number.isFinite(value)) return 'never';
  return value >= 1000 ? value.toFixed(0) : value.toFixed(3);
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
