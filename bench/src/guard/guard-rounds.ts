import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** Entries a second by what was measured, such as `writeEntry, 64 bytes`. */
export type Rates = ReadonlyMap<string, number>;

/** What both checkouts had in one round. */
export interface GuardRound {
  readonly here: Rates;
  readonly there: Rates;
}

/** A checkout whose `bench ceiling` does not end with what this one expects. */
export class NoMeasurementError extends Error {
  readonly code = 'NO_MEASUREMENT';

  constructor(checkout: string, problem: string) {
    super(
      `bench ceiling in ${checkout} has no result that can be compared, perhaps because the commit is too old: ${problem}`,
    );
    this.name = 'NoMeasurementError';
  }
}

const run = promisify(execFile);

/**
 * Measures two built checkouts in turn, each in a process of its own by its own `bench ceiling`. Each
 * round begins with the other one, so that a machine that becomes busy slows both alike.
 * @param durationMs how long each way of writing is measured
 */
export async function measureInTurn(
  here: string,
  there: string,
  options: { readonly rounds: number; readonly durationMs: number },
  onRound: (done: number) => void,
  stop: AbortSignal,
): Promise<GuardRound[]> {
  const rounds: GuardRound[] = [];
  const measure = (checkout: string) => ratesOf(checkout, options.durationMs, stop);
  for (let round = 0; round < options.rounds; round++) {
    if (round % 2 === 0) {
      const first = await measure(here);
      rounds.push({ here: first, there: await measure(there) });
    } else {
      const first = await measure(there);
      rounds.push({ here: await measure(here), there: first });
    }
    onRound(round + 1);
  }
  return rounds;
}

async function ratesOf(checkout: string, durationMs: number, stop: AbortSignal): Promise<Rates> {
  const script = join(checkout, 'bench', 'dist', 'cli', 'bench.js');
  const args = ['ceiling', '--rounds', '1', '--duration', `${durationMs}ms`, '--json'];
  try {
    const { stdout } = await run(process.execPath, [script, ...args], {
      cwd: checkout,
      signal: stop,
    });
    return readRates(stdout);
  } catch (cause) {
    stop.throwIfAborted();
    throw new NoMeasurementError(checkout, (cause as Error).message);
  }
}

/** Reads the last line of `bench ceiling --json`: sizes, each with a rate by way of writing. */
export function readRates(output: string): Rates {
  const { sizes } = JSON.parse(output.trimEnd().split('\n').at(-1) ?? '') as {
    sizes: readonly (Readonly<Record<string, number>> & { readonly size: number })[];
  };
  const rates = sizes.flatMap(({ size, ...paths }) =>
    Object.entries(paths).map(([path, rate]) => [`${path}, ${size} bytes`, rate] as const),
  );
  const isSound = rates.length > 0 && rates.every(([, rate]) => Number.isFinite(rate) && rate > 0);
  if (!isSound) throw new TypeError('there are rates that are no numbers over 0');
  return new Map(rates);
}
