import { readFileSync } from 'node:fs';

/** One file of `test/vectors`, which the reference implementation produced. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as T;
}

export function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

const { FUZZ_RUNS, FUZZ_SECONDS: SECONDS, FUZZ_SEED: SEED } = process.env;

/** How long `test/fuzz` goes on, over all targets; unless given, it tries a number of inputs. */
export const FUZZ_SECONDS = SECONDS === undefined ? undefined : Number(SECONDS);

/** What the inputs of `test/fuzz`, and the cases of properties, follow from. */
export const FUZZ_SEED = Number(SEED ?? 1);

/** How many cases a property is tried with, `FUZZ_RUNS` or so many, and what they follow from. */
export function fuzzRuns(fallback: number): { numRuns: number; seed: number } {
  return { numRuns: Number(FUZZ_RUNS ?? fallback), seed: FUZZ_SEED };
}

/** The time limit of a test that tries a property: hours when `FUZZ_RUNS` asks for more cases. */
export const FUZZ_TIMEOUT_MS = FUZZ_RUNS === undefined ? 30_000 : 10_800_000;
