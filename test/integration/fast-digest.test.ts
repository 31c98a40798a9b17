import { createDigest, type LoadEntry } from '@ringest/bench/shared';
import {
  EnumeratedType,
  EnumeratedValue,
  encodeEnumeratedBlock,
  encodeTimestamp,
  FLAG_IPV4,
  FLAG_VALUES,
  Source,
} from '@ringest/codec';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { viewFrames } from '../support/load-frames.js';

const MASK = 0xffff_ffffn;
const FACTORS = [0x9e3779b1n, 0x85ebca6bn, 0xc2b2ae35n, 0x27d4eb2fn] as const;

const rotate = (word: bigint, bits: bigint) => ((word << bits) | (word >> (32n - bits))) & MASK;

function finish(word: bigint): bigint {
  let mixed = word & MASK;
  mixed = ((mixed ^ (mixed >> 16n)) * FACTORS[1]) & MASK;
  mixed = ((mixed ^ (mixed >> 13n)) * FACTORS[2]) & MASK;
  return mixed ^ (mixed >> 16n);
}

/** The two 64-bit words that an entry adds, straight from the definition, without any shortcut. */
function words({ timestamp, source, data, enumeratedValues }: LoadEntry): [bigint, bigint] {
  const time = Buffer.alloc(12);
  encodeTimestamp(timestamp, time, 0);
  const isIPv4 = source.bytes.length === 4;
  const hasValues = enumeratedValues !== undefined;
  const length = BigInt(data.length + (isIPv4 ? FLAG_IPV4 : 0) + (hasValues ? FLAG_VALUES : 0));
  const body = Buffer.concat([data, encodeEnumeratedBlock(enumeratedValues ?? [])]);
  const lanes = [...FACTORS] as [bigint, bigint, bigint, bigint];
  const take = (lane: 0 | 1 | 2 | 3, word: bigint) => {
    lanes[lane] = rotate(((lanes[lane] ^ word) * FACTORS[lane]) & MASK, 13n);
  };
  const word = (bytes: Uint8Array, at: number) => BigInt(Buffer.from(bytes).readUInt32LE(at));
  take(0, word(time, 0));
  take(1, word(time, 4));
  take(2, word(time, 8));
  take(3, length);
  for (let i = 0; i < source.bytes.length / 4; i++) {
    take(i as 0 | 1 | 2 | 3, word(source.bytes, 4 * i));
  }
  const blocks = body.length - (body.length % 16);
  const whole = body.length - (body.length % 4);
  for (let at = 0; at < blocks; at += 4) take(((at / 4) % 4) as 0 | 1 | 2 | 3, word(body, at));
  for (let at = blocks; at < whole; at += 4) take(0, word(body, at));
  for (let at = whole; at < body.length; at++) take(1, BigInt(body[at] as number));
  const [a, b, c, d] = lanes;
  const all = finish(a ^ rotate(b, 8n) ^ rotate(c, 16n) ^ rotate(d, 24n));
  return [(finish(a + all) << 32n) | finish(b ^ all), (finish(c + all) << 32n) | finish(d ^ all)];
}

function slowDigest(entries: readonly LoadEntry[]): string {
  const sums = [0n, 0n];
  for (const entry of entries) {
    words(entry).forEach((word, i) => {
      sums[i] = BigInt.asUintN(64, (sums[i] ?? 0n) + word);
    });
  }
  return sums.map((sum) => sum.toString(16).padStart(16, '0')).join('');
}

function made(entries: readonly LoadEntry[]): string {
  const digest = createDigest('fast');
  for (const entry of entries) digest.addMade(entry);
  return digest.toString();
}

function arrived(entries: readonly LoadEntry[]): string {
  const digest = createDigest('fast');
  viewFrames(entries, (view) => digest.addArrived(view));
  return digest.toString();
}

const anyEntry: fc.Arbitrary<LoadEntry> = fc.record({
  timestamp: fc.record({
    seconds: fc.integer({ min: -(2 ** 31), max: 2 ** 31 }),
    nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
  }),
  tag: fc.nat({ max: 10 }),
  source: fc.constantFrom('10.1.2.3', '2001:db8::1').map((text) => Source.parse(text)),
  data: fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  enumeratedValues: fc.option(
    fc.nat().map((n) => [EnumeratedValue.of('n', EnumeratedType.uint64, n)]),
    { nil: undefined },
  ),
});

const PLAIN: LoadEntry = {
  timestamp: { seconds: 1_700_000_000, nanoseconds: 5 },
  tag: 0,
  source: Source.parse('10.0.0.1'),
  data: Buffer.from('some data that is longer than a block'),
  enumeratedValues: undefined,
};

describe('the fast digest', () => {
  it('of nothing is zero', () => {
    expect(made([])).toBe('0'.repeat(32));
  });

  it('is the sum that the definition says, at either end, in any order', () => {
    fc.assert(
      fc.property(fc.array(anyEntry, { maxLength: 20 }), (entries) => {
        const expected = slowDigest(entries);
        expect(made(entries)).toBe(expected);
        expect(arrived(entries)).toBe(expected);
        expect(arrived(entries.toReversed())).toBe(expected);
      }),
      { seed: 1, numRuns: 200 },
    );
  });

  it('finds every single bit that is changed', () => {
    const right = made([PLAIN]);
    for (let bit = 0; bit < PLAIN.data.length * 8; bit++) {
      const data = Buffer.from(PLAIN.data);
      data.writeUInt8(data.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect(made([{ ...PLAIN, data }])).not.toBe(right);
    }
  });

  it.each<[string, Partial<LoadEntry>]>([
    ['timestamp', { timestamp: { seconds: 1_700_000_000, nanoseconds: 6 } }],
    ['source', { source: Source.parse('10.0.0.2') }],
    ['length', { data: Buffer.concat([PLAIN.data, Buffer.alloc(1)]) }],
    ['values', { enumeratedValues: [EnumeratedValue.infer('n', 1)] }],
  ])('differs when the %s does', (_name, change) => {
    expect(made([{ ...PLAIN, ...change }])).not.toBe(made([PLAIN]));
  });

  it('differs when two entries have changed places with their data', () => {
    const [one, two] = [1, 2].map((nanoseconds) => ({
      ...PLAIN,
      timestamp: { seconds: 1_700_000_000, nanoseconds },
      data: Buffer.from(`data ${nanoseconds}`),
    })) as [LoadEntry, LoadEntry];
    const swapped = [
      { ...one, data: two.data },
      { ...two, data: one.data },
    ];
    expect(made(swapped)).not.toBe(made([one, two]));
  });
});
