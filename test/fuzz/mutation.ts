import type { Random } from '../support/random.js';

/** The longest input that a mutation makes. */
export const MAX_INPUT_BYTES = 1024;

/** What mutations are made of, besides chance. */
export interface Material {
  /** Words of the format, which chance would not find. */
  readonly words: readonly Uint8Array[];
  /** Inputs that were worth keeping. */
  readonly corpus: readonly Buffer[];
}

type Mutation = (input: Buffer, random: Random, material: Material) => Buffer;

/** Numbers at which lengths and counts turn: 0, powers of two and their neighbours, the largest. */
const NUMBERS = [0, 1, 2 ** 32 - 1, 2 ** 31 - 1, 2 ** 31 + 1].concat(
  Array.from({ length: 32 }, (_, k) => [2 ** k - 1, 2 ** k, 2 ** k + 1]).flat(),
);
const NUMERALS = [
  '-1',
  '-0',
  '1.5',
  '1e400',
  '65535',
  '65536',
  '9007199254740993',
  '18446744073709551615',
];

const flipBit: Mutation = (input, random) => {
  const at = random.below(input.length);
  input[at] = (input[at] ?? 0) ^ (1 << random.below(8));
  return input;
};

const setByte: Mutation = (input, random) => {
  input[random.below(input.length)] = random.below(256);
  return input;
};

const stepByte: Mutation = (input, random) => {
  const at = random.below(input.length);
  input[at] = (input[at] ?? 0) + random.below(9) - 4;
  return input;
};

const setNumber: Mutation = (input, random) => {
  const size = Math.min(random.pick([1, 2, 3, 4]), input.length);
  const number = random.pick(NUMBERS) % 2 ** (8 * size);
  input.writeUIntLE(number, random.below(input.length - size + 1), size);
  return input;
};

/** Makes what stands somewhere the length of what follows it, or a little more or less. */
const setLength: Mutation = (input, random) => {
  const size = random.pick([2, 4]);
  const at = random.below(input.length - size + 1);
  if (at + size > input.length) return input;
  const wrong = random.below(4) === 0 ? random.below(17) - 8 : 0;
  const length = Math.max(0, input.length - at - size + wrong);
  input.writeUIntLE(length % 2 ** (8 * size), at, size);
  return input;
};

const setNumeral: Mutation = (input, random) => {
  const numerals = [...input.toString('latin1').matchAll(/-?\d+/g)];
  if (numerals.length === 0) return input;
  const { 0: old, index } = random.pick(numerals);
  const numeral = Buffer.from(
    random.below(2) === 0 ? random.pick(NUMERALS) : `${random.pick(NUMBERS)}`,
  );
  return replace(input, index, old.length, numeral);
};

const setWord: Mutation = (input, random, { words }) => {
  const word = random.pick(words);
  return replace(input, random.below(input.length), word.length, word);
};

const addWord: Mutation = (input, random, { words }) =>
  replace(input, random.below(input.length + 1), 0, random.pick(words));

const addBytes: Mutation = (input, random) =>
  replace(input, random.below(input.length + 1), 0, random.bytes(1 + random.below(8)));

const deleteRange: Mutation = (input, random) => {
  const at = random.below(input.length);
  return replace(input, at, 1 + random.below(random.pick([4, 16, input.length - at])), NOTHING);
};

const repeatRange: Mutation = (input, random) => {
  const at = random.below(input.length);
  const range = input.subarray(at, at + 1 + random.below(random.pick([4, 32, input.length - at])));
  const times = 1 + random.below(random.pick([1, 4, 32]));
  return replace(input, at, 0, Buffer.concat(Array.from({ length: times }, () => range)));
};

const moveRange: Mutation = (input, random) => {
  const at = random.below(input.length);
  const range = Buffer.from(input.subarray(at, at + 1 + random.below(input.length - at)));
  const rest = replace(input, at, range.length, NOTHING);
  return replace(rest, random.below(rest.length + 1), 0, range);
};

const splice: Mutation = (input, random, { corpus }) => {
  const other = random.pick(corpus);
  const head = input.subarray(0, random.below(input.length + 1));
  return Buffer.concat([head, other.subarray(random.below(other.length + 1))]);
};

const NOTHING = Buffer.alloc(0);

const MUTATIONS: readonly Mutation[] = [
  flipBit,
  setByte,
  stepByte,
  setNumber,
  setNumber,
  setLength,
  setNumeral,
  setWord,
  addWord,
  addWord,
  addBytes,
  deleteRange,
  deleteRange,
  repeatRange,
  moveRange,
  splice,
];

/** An input of the corpus, changed in one to eight ways. */
export function mutate(random: Random, material: Material): Buffer {
  let input: Buffer = Buffer.from(random.pick(material.corpus));
  for (let left = 1 + random.below(random.pick([1, 2, 8])); left > 0; left--) {
    const mutation = input.length === 0 ? addWord : random.pick(MUTATIONS);
    input = Buffer.from(mutation(input, random, material).subarray(0, MAX_INPUT_BYTES));
  }
  return input;
}

function replace(input: Buffer, at: number, count: number, by: Uint8Array): Buffer {
  return Buffer.concat([input.subarray(0, at), by, input.subarray(at + count)]);
}
