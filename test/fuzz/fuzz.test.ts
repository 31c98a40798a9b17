/**
 * Every decoder of foreign bytes, with the inputs that are kept in `corpus` and with new ones, which
 * follow from a seed. The suite tries a fixed number of them. The long form goes on for its time, of
 * which all targets take the same part. With RINGEST_SOAK_KEEP=1, inputs that reach what none has
 * reached before are added to the corpus. An input that fails is printed, and kept in the
 * system's folder for temporary files: a line of a file in `corpus` makes it a lasting test.
 */
import { afterAll, describe, expect, it } from 'vitest';
import { scaled, soak, tellSeed } from '../support/scale.js';
import { distill, readCorpus, writeCorpus } from './corpus.js';
import { Coverage } from './coverage.js';
import { Fuzzer } from './fuzzer.js';
import { TARGETS } from './targets/index.js';

const PROGRESS_MS = 30_000;
/** New inputs of each target, or for how many milliseconds. */
const INPUTS = 200;
const SHARE_MS = (soak.seconds * 1000) / TARGETS.length;
const { RINGEST_SOAK_KEEP } = process.env;
const NAMED = TARGETS.map((target) => [target.name, target] as const);

const coverage = new Coverage();
afterAll(() => coverage.stop());

describe('any bytes', () => {
  it.each(NAMED)(
    'are read or refused as they should: %s',
    async (_name, target) => {
      tellSeed(soak.seed);
      const fuzzer = new Fuzzer(target, readCorpus(target), soak.seed, coverage);
      const end = performance.now() + SHARE_MS;
      const goesOn = () => (soak.isOn ? performance.now() < end : fuzzer.inputs < INPUTS);
      let told = performance.now();
      while (goesOn()) {
        fuzzer.batch();
        // What the native libraries allocated is given back between the turns of the event loop.
        await new Promise(setImmediate);
        if (performance.now() - told < PROGRESS_MS) continue;
        told = performance.now();
        report(fuzzer);
      }
      expect(fuzzer.inputs).toBeGreaterThan(0);
      if (soak.isOn) report(fuzzer);
      if (RINGEST_SOAK_KEEP === '1') {
        const inputs = fuzzer.corpus.slice(target.seeds.length);
        writeCorpus(target, distill(target, inputs, coverage));
      }
    },
    scaled(0, SHARE_MS) + 120_000,
  );
});

describe('the work', () => {
  // V8 counts it in blocks that were entered, so that the machine's speed does not matter.
  it.each(NAMED)('does not grow faster than the bytes: %s', (_name, { run, long }) => {
    const stepsOf = (bytes: number) => {
      const input = long(bytes);
      coverage.look();
      run(input);
      return { steps: coverage.look().steps, bytes: input.length };
    };
    // The first run does what is done once.
    stepsOf(4000);
    const short = stepsOf(4000);
    const longer = stepsOf(32_000);
    const factor = longer.bytes / short.bytes;
    expect(longer.steps).toBeLessThan(2 * factor * short.steps + 1000);
  });
});

function report({ target, inputs, corpus }: Fuzzer): void {
  const { reached } = coverage;
  console.log(
    `${target.name}: ${inputs} inputs, ${reached} characters of code, ${corpus.length} kept`,
  );
}
