import { createHash } from 'node:crypto';
import { EnumeratedValue } from '@ringest/codec';
import { type DigestedEntry, EntryDigest } from '@ringest/indexer';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../support/vectors.js';

const MASK = 2n ** 64n - 1n;

/** The four words that an entry adds, straight from the definition. */
function words(entry: DigestedEntry): bigint[] {
  const hasher = createHash('sha256');
  hasher.update(entry.timestampBytes).update(entry.sourceBytes).update(entry.data);
  for (const { nameBytes, type, bytes } of entry.enumeratedValues) {
    hasher
      .update(nameBytes)
      .update(Buffer.from([type]))
      .update(bytes);
  }
  const hash = hasher.digest();
  return [0, 8, 16, 24].map((offset) => hash.readBigUInt64BE(offset));
}

function hex(sums: readonly bigint[]): string {
  return sums.map((sum) => (sum & MASK).toString(16).padStart(16, '0')).join('');
}

function slowDigest(entries: readonly DigestedEntry[]): string {
  const sums = [0n, 0n, 0n, 0n];
  for (const entry of entries) {
    words(entry).forEach((word, i) => {
      sums[i] = (sums[i] ?? 0n) + word;
    });
  }
  return hex(sums);
}

function digest(entries: readonly DigestedEntry[]): string {
  const sum = new EntryDigest();
  for (const entry of entries) sum.add(entry);
  return sum.toString();
}

const values = fc.dictionary(fc.string({ minLength: 1, maxLength: 20 }), fc.string());
const anyEntry: fc.Arbitrary<DigestedEntry> = fc.record({
  timestampBytes: fc.uint8Array({ minLength: 12, maxLength: 12 }),
  sourceBytes: fc.constantFrom(4, 16).map((length) => new Uint8Array(length).fill(9)),
  data: fc.uint8Array({ maxLength: 200 }),
  enumeratedValues: values.map((record) =>
    Object.entries(record).map(([name, value]) => EnumeratedValue.infer(name, value)),
  ),
});

const PLAIN: DigestedEntry = {
  timestampBytes: new Uint8Array(12),
  sourceBytes: Uint8Array.of(10, 0, 0, 1),
  data: Buffer.from('data'),
  enumeratedValues: [],
};

describe('a digest', () => {
  it('of nothing is zero', () => {
    expect(digest([])).toBe('0'.repeat(64));
  });

  it('of one entry is the hash of its parts', () => {
    const hash = createHash('sha256');
    hash.update(Buffer.concat([PLAIN.timestampBytes, PLAIN.sourceBytes, PLAIN.data]));
    expect(digest([PLAIN])).toBe(hash.digest('hex'));
  });

  it(
    'is the sum that the definition says, in any order',
    () => {
      fc.assert(
        fc.property(fc.array(anyEntry), (entries) => {
          const expected = slowDigest(entries);
          expect(digest(entries)).toBe(expected);
          expect(digest(entries.toReversed())).toBe(expected);
        }),
        fuzzRuns(300),
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it('is right for entries larger than its scratch space', () => {
    const entries = [65_519, 65_520, 65_521, 300_000].map((length) => {
      return { ...PLAIN, data: new Uint8Array(length).fill(length) };
    });
    expect(digest(entries)).toBe(slowDigest(entries));
  });

  it('stays exact over more entries than fit its sums before a carry', () => {
    const sum = new EntryDigest();
    const times = 2 ** 20 + 1000;
    for (let i = 0; i < times; i++) sum.add(PLAIN);
    expect(sum.toString()).toBe(hex(words(PLAIN).map((word) => word * BigInt(times))));
  });

  it('goes on after it was looked at', () => {
    const sum = new EntryDigest();
    sum.add(PLAIN);
    sum.toString();
    sum.add(PLAIN);
    expect(sum.toString()).toBe(slowDigest([PLAIN, PLAIN]));
  });

  it.each([
    ['timestamp', { timestampBytes: new Uint8Array(12).fill(1) }],
    ['source', { sourceBytes: Uint8Array.of(10, 0, 0, 2) }],
    ['data', { data: Buffer.from('date') }],
    ['values', { enumeratedValues: [EnumeratedValue.infer('n', 1)] }],
  ])('differs when the %s do', (_name, change) => {
    expect(digest([{ ...PLAIN, ...change }])).not.toBe(digest([PLAIN]));
  });
});
