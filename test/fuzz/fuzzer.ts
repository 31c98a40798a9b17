import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Random, seedOf } from '../support/random.js';
import { repeatWith } from '../support/scale.js';
import type { Coverage } from './coverage.js';
import { mutate } from './mutation.js';
import type { Target } from './target.js';

/** Inputs between two looks at the coverage. */
const BATCH = 100;

/** How often a failing input is tried with a part left out. */
const MINIMISING_RUNS = 500;

/** An input for which something does not hold that must. It is kept in a file, and told whole. */
export class FuzzFailure extends Error {
  constructor(target: Target, seed: number, input: Buffer, cause: unknown) {
    const path = join(tmpdir(), `ringest-${target.name}-${seedOf(input).toString(16)}.hex`);
    const hex = input.toString('hex');
    writeFileSync(path, `${hex}\n`);
    const what = cause instanceof Error ? `${cause.name}: ${cause.message}` : String(cause);
    super(`${target.name}, ${repeatWith(seed)}: ${what}\ninput (in ${path}):\n${hex}`, { cause });
  }
}

/**
 * Tries one target with inputs that follow from a seed. An input that reaches new code, or of which
 * something new came, joins the corpus, from which the next inputs are made.
 */
export class Fuzzer {
  readonly target: Target;
  /** Seeds, what was kept, and what was found. */
  readonly corpus: Buffer[];
  inputs = 0;
  readonly #coverage: Coverage;
  readonly #seed: number;
  readonly #random: Random;
  readonly #features = new Set<string>();

  /**
   * Runs the seeds and what was kept.
   *
   * @throws {FuzzFailure} if one of them fails.
   */
  constructor(target: Target, kept: readonly Buffer[], seed: number, coverage: Coverage) {
    this.target = target;
    this.#seed = seed;
    this.#coverage = coverage;
    this.#random = new Random(seed ^ seedOf(Buffer.from(target.name)));
    this.corpus = [...target.seeds.map((bytes) => Buffer.from(bytes)), ...kept];
    coverage.forget();
    for (const input of this.corpus) this.#hasNewFeature(input);
    coverage.add(coverage.look());
  }

  /**
   * Tries a batch of new inputs.
   *
   * @throws {FuzzFailure} if one of them fails.
   */
  batch(): void {
    const inputs = Array.from({ length: BATCH }, () => this.#make());
    const found = new Set(inputs.filter((input) => this.#hasNewFeature(input)));
    this.#findNewCode(inputs, found);
    this.corpus.push(...found);
    this.inputs += inputs.length;
  }

  #make(): Buffer {
    const { corpus, target } = this;
    const input = mutate(this.#random, { words: target.words, corpus });
    return this.#random.below(2) === 0 ? input : (target.repair?.(input) ?? input);
  }

  #hasNewFeature(input: Buffer): boolean {
    let isNew = false;
    for (const feature of this.#run(input)) {
      if (this.#features.has(feature)) continue;
      this.#features.add(feature);
      isNew = true;
    }
    return isNew;
  }

  /** Finds those that reach new code, of inputs that have run: halves are run until they are single. */
  #findNewCode(inputs: readonly Buffer[], found: Set<Buffer>): void {
    const coverage = this.#coverage;
    const run = coverage.look();
    if (!coverage.isNew(run)) return;
    const [first] = inputs;
    if (first === undefined) return;
    if (inputs.length === 1) {
      coverage.add(run);
      found.add(first);
      return;
    }
    const middle = inputs.length >> 1;
    for (const half of [inputs.slice(0, middle), inputs.slice(middle)]) {
      for (const input of half) this.#run(input);
      this.#findNewCode(half, found);
    }
    // What runs but once, whatever the input, no half has reached again: it is not looked for.
    coverage.add(run);
  }

  #run(input: Buffer): readonly string[] {
    try {
      return this.target.run(Buffer.from(input));
    } catch (error) {
      const smaller = this.#minimise(input, error);
      throw new FuzzFailure(this.target, this.#seed, smaller, error);
    }
  }

  /** Leaves out parts as long as it fails in the same way. */
  #minimise(input: Buffer, error: unknown): Buffer {
    let best = input;
    let left = MINIMISING_RUNS;
    for (let size = best.length >> 1; size >= 1; size >>= 1) {
      for (let at = 0; at < best.length && left > 0; left--) {
        const smaller = Buffer.concat([best.subarray(0, at), best.subarray(at + size)]);
        if (this.#failsAs(smaller, error)) best = smaller;
        else at += size;
      }
    }
    return best;
  }

  #failsAs(input: Buffer, error: unknown): boolean {
    try {
      this.target.run(Buffer.from(input));
      return false;
    } catch (other) {
      return summary(other) === summary(error);
    }
  }
}

/** The first line of an error without its numbers: two errors are the same if that is. */
function summary(error: unknown): string {
  return String(error).split('\n', 1).join().replaceAll(/\d+/g, '#');
}
