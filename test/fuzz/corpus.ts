import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Coverage } from './coverage.js';
import type { Target } from './target.js';

/** The most that is kept of one target, in bytes of its file. */
const MAX_FILE_BYTES = 20_000;

/** The inputs of a target that are kept: a line of hexadecimal digits each, short ones first. */
export function readCorpus(target: Target): Buffer[] {
  const file = fileOf(target);
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => Buffer.from(line, 'hex'));
}

export function writeCorpus(target: Target, corpus: readonly Buffer[]): void {
  mkdirSync(new URL('.', fileOf(target)), { recursive: true });
  writeFileSync(fileOf(target), corpus.map((input) => `${input.toString('hex')}\n`).join(''));
}

/**
 * The fewest inputs, roughly, that reach what all of them and the seeds do: short ones are taken
 * first, and those that add nothing to the seeds and to shorter ones are left out.
 */
export function distill(target: Target, inputs: readonly Buffer[], coverage: Coverage): Buffer[] {
  const features = new Set<string>();
  coverage.forget();
  const adds = (input: Uint8Array): boolean => {
    const came = target.run(Buffer.from(input));
    const run = coverage.look();
    const isNew = coverage.isNew(run) || came.some((feature) => !features.has(feature));
    coverage.add(run);
    for (const feature of came) features.add(feature);
    return isNew;
  };
  for (const seed of target.seeds) adds(seed);
  let room = MAX_FILE_BYTES;
  return [...inputs].sort(byLength).filter((input) => {
    room -= 2 * input.length + 1;
    if (room >= 0 && adds(input)) return true;
    room += 2 * input.length + 1;
    return false;
  });
}

function byLength(a: Buffer, b: Buffer): number {
  return a.length - b.length || Buffer.compare(a, b);
}

function fileOf({ name }: Target): URL {
  return new URL(`corpus/${name}.hex`, import.meta.url);
}
