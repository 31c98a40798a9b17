import { onTestFailed } from 'vitest';

const { RINGEST_SOAK, RINGEST_SOAK_SEED, RINGEST_SOAK_SECONDS } = process.env;

/** The long form of the tests, which `pnpm soak` runs by these variables. */
export const soak = {
  /** `RINGEST_SOAK=1`: the tests that have a long form take that one. */
  isOn: RINGEST_SOAK === '1',
  /** `RINGEST_SOAK_SEED`: what follows from a seed follows from this one. */
  seed: Number(RINGEST_SOAK_SEED ?? 1),
  /** `RINGEST_SOAK_SECONDS`: how long a test file goes on whose long form has no end of its own. */
  seconds: Number(RINGEST_SOAK_SECONDS ?? 3600),
} as const;

/** How large something is, or how many: in the suite, and in the long form. */
export function scaled<Size>(quick: Size, long: Size): Size {
  return soak.isOn ? long : quick;
}

/** The variables with which a test of the same form has the same seed again. */
export function repeatWith(seed: number): string {
  return `${soak.isOn ? 'RINGEST_SOAK=1 ' : ''}RINGEST_SOAK_SEED=${seed}`;
}

/** Runs something with one seed after the other. If the test fails, it says with which seed. */
export function forSeeds(runs: number, run: (seed: number) => void): void {
  let seed: number = soak.seed;
  tellSeed(() => seed);
  for (const end = seed + runs; seed < end; seed++) run(seed);
}

/** If the test that runs fails: says how to have it again. Takes a function where the seed changes. */
export function tellSeed(seed: number | (() => number)): void {
  onTestFailed(() => {
    console.error(`to repeat it: ${repeatWith(typeof seed === 'number' ? seed : seed())}`);
  });
}
