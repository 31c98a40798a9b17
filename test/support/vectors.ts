import { readFileSync } from 'node:fs';
import { scaled, soak } from './scale.js';

/** One file of `test/vectors`, which the reference implementation produced. */
export function readVectors<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`../vectors/${name}.json`, import.meta.url), 'utf8')) as T;
}

export function bytes(hex: string): Buffer {
  return Buffer.from(hex, 'hex');
}

/**
 * How a property is tried: with so many cases, or a hundred times as many in the long form, which
 * follow from a seed that is printed when one fails.
 */
export function fuzzRuns(quick: number): { numRuns: number; seed: number } {
  return { numRuns: scaled(quick, 100 * quick), seed: soak.seed };
}

/** The time limit of a test that tries a property. */
export const FUZZ_TIMEOUT_MS = scaled(60_000, 10_800_000);
