import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { decodeState } from '@ringest/codec';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repeatWith } from '../support/scale.js';
import { Coverage } from './coverage.js';
import { Fuzzer, FuzzFailure } from './fuzzer.js';
import { attempt } from './properties.js';
import { type Target, texts } from './target.js';

const WORD = Buffer.from('hidden');

/** Fails for a word that is found letter by letter: each one more is something new. */
const hiding: Target = {
  name: 'hiding',
  seeds: texts('start'),
  words: texts(...'abcdefghin'),
  run(input) {
    const found = [...WORD.keys()].filter((at) => input.includes(WORD.subarray(0, at + 1)));
    assert.ok(found.length < WORD.length, 'it was found');
    return found.map(String);
  },
  long: (bytes) => Buffer.alloc(bytes),
};

let coverage: Coverage;
beforeAll(() => {
  coverage = new Coverage();
});
afterAll(() => coverage.stop());

function failureOf(target: Target, seed: number): FuzzFailure {
  const fuzzer = new Fuzzer(target, [], seed, coverage);
  try {
    while (fuzzer.inputs < 100_000) fuzzer.batch();
  } catch (error) {
    if (error instanceof FuzzFailure) return error;
    throw error;
  }
  throw new Error('nothing was found');
}

describe('a fuzzer', () => {
  it('goes on from inputs of which something new came, to what chance alone would not find', () => {
    const { message } = failureOf(hiding, 1);
    expect(message).toContain(`hiding, ${repeatWith(1)}: AssertionError: it was found`);
  });

  it('tells the smallest input that fails, and where it is kept', () => {
    const { message } = failureOf(hiding, 2);
    const [, path = '', hex = ''] = /input \(in (.*)\):\n(.*)$/.exec(message) ?? [];
    expect(hex).toBe(WORD.toString('hex'));
    expect(readFileSync(path, 'utf8')).toBe(`${hex}\n`);
  });

  it('tries the same inputs for the same seed', () => {
    const inputsOf = (seed: number) => {
      const inputs: string[] = [];
      const run = (input: Buffer) => {
        inputs.push(input.toString('hex'));
        return [];
      };
      const fuzzer = new Fuzzer({ ...hiding, run }, [], seed, coverage);
      fuzzer.batch();
      return inputs;
    };
    expect(inputsOf(3)).toEqual(inputsOf(3));
    expect(inputsOf(3)).not.toEqual(inputsOf(4));
  });
});

describe('coverage', () => {
  const read = (hex: string) => {
    coverage.look();
    attempt(() => decodeState(Buffer.from(hex, 'hex')));
    return coverage.look();
  };

  it('knows code that was reached, and code that was not', () => {
    coverage.forget();
    coverage.add(read('02007b7d'));
    expect(coverage.isNew(read('02007b7d'))).toBe(false);
    expect(coverage.isNew(read(''))).toBe(true);
    expect(coverage.reached).toBeGreaterThan(0);
  });
});
