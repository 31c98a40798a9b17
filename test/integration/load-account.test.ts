import { isSound, type LoadReport } from '@ringest/bench/internal';
import { DIGESTS, EntrySource, type LoadEntry, MAX_SLOTS, Tally } from '@ringest/bench/shared';
import { decodeEntry, encodeEntry, Source } from '@ringest/codec';
import { EntryDigest, type EntryView } from '@ringest/indexer';
import { describe, expect, it } from 'vitest';
import { viewFrames } from '../support/load-frames.js';

const CONTENTS = {
  seed: 7,
  entryBytes: 40,
  tags: [3],
  source: Source.parse('10.1.2.3'),
  startSeconds: 1_700_000_000,
  batch: 1024,
};

/** Adds an entry to an account, or to a digest, as it arrives. */
function arrive(entry: LoadEntry, add: (view: EntryView) => void): void {
  viewFrames([entry], add);
}

describe('the entries of a load', () => {
  it('are the same for the same seed, and others for another', () => {
    const encode = (entry: LoadEntry) => encodeEntry(entry).toString('hex');
    const [one, same, other] = [7, 7, 8].map((seed) => new EntrySource({ ...CONTENTS, seed }));
    for (const sequence of [0, 1, 1023, 1024, 5_000_000, 2 ** 32 - 1]) {
      const encoded = encode((one as EntrySource).entry(sequence));
      expect(encode((same as EntrySource).entry(sequence))).toBe(encoded);
      expect(encode((other as EntrySource).entry(sequence))).not.toBe(encoded);
    }
  });

  it('carry their number, and a time of their own', () => {
    const source = new EntrySource(CONTENTS);
    const { data, timestamp } = decodeEntry(encodeEntry(source.entry(3_000_001)));
    expect(data.readBigUInt64LE(0)).toBe(3_000_001n);
    expect(data).toHaveLength(40);
    expect(timestamp).toMatchObject({ seconds: 1_700_000_003, nanoseconds: 1000 });
  });

  it('have contents that differ from one to the next', () => {
    const source = new EntrySource(CONTENTS);
    const bodies = Array.from({ length: 1024 }, (_, i) =>
      source.entry(i).data.subarray(8).toString('hex'),
    );
    expect(new Set(bodies).size).toBe(1024);
  });

  it.each([1, 63, 64, 65, 1000, MAX_SLOTS])('fill a batch of %s, each its own', (size) => {
    const source = new EntrySource({ ...CONTENTS, batch: size });
    const batch = Array.from({ length: size }, () => source.entry(0));
    source.fill(batch, 1022);
    expect(batch.map(({ data }) => data.readUInt32LE(0))).toEqual(
      Array.from({ length: size }, (_, i) => 1022 + i),
    );
    expect(new Set(batch).size).toBe(size);
  });

  it.each([64, 1000, 100_000])('of %s bytes differ as far as compression looks back', (size) => {
    const source = new EntrySource({ ...CONTENTS, entryBytes: size, varied: true });
    const count = Math.ceil(65536 / size) + 1;
    const bodies = Array.from({ length: count }, (_, i) => source.entry(i).data.toString('hex', 8));
    expect(new Set(bodies).size).toBe(count);
  });

  it('have the digest of each of them, whatever the order', () => {
    const source = new EntrySource(CONTENTS);
    const digest = new EntryDigest();
    for (let i = 2999; i >= 0; i--) arrive(source.entry(i), (view) => digest.add(view));
    expect(source.digest('sha256', 3000)).toBe(digest.toString());
  });
});

describe('the account of a load', () => {
  const source = new EntrySource(CONTENTS);

  it('counts what arrived, what arrived again and what was never sent', () => {
    const tally = new Tally({ form: 'binary' }, false);
    for (const sequence of [5, 0, 1, 2, 3, 3, 3, 99, 1_000_000, 0]) {
      arrive(source.entry(sequence), (view) => tally.add(view));
    }
    expect(tally.report(6)).toEqual({
      received: 10,
      duplicated: 3,
      foreign: 2,
      digest: undefined,
    });
  });

  it('takes entries that are no part of any load for foreign ones', () => {
    const tally = new Tally({ form: 'binary' }, false);
    const short = { ...source.entry(0), data: Buffer.alloc(7) };
    const giant = { ...source.entry(0), data: Buffer.alloc(40, 0xff) };
    arrive(short, (view) => tally.add(view));
    arrive(giant, (view) => tally.add(view));
    expect(tally.report(10)).toMatchObject({ received: 2, duplicated: 0, foreign: 2 });
  });

  it.each(DIGESTS)('forgets all of it for another load: %s', (kind) => {
    const tally = new Tally({ form: 'binary' }, kind);
    for (const sequence of [0, 1, 1, 7]) {
      arrive(source.entry(sequence), (view) => tally.add(view));
    }
    tally.clear();
    expect(tally.report(2)).toMatchObject({ received: 0, duplicated: 0, foreign: 0 });
    for (const sequence of [1, 0]) arrive(source.entry(sequence), (view) => tally.add(view));
    expect(tally.report(2)).toEqual({
      ...{ received: 2, duplicated: 0, foreign: 0, digest: source.digest(kind, 2) },
    });
  });

  it.each(DIGESTS)('has the digest of every entry once: %s', (kind) => {
    const tally = new Tally({ form: 'binary' }, kind);
    for (const sequence of [2, 1, 0, 1, 1])
      arrive(source.entry(sequence), (view) => tally.add(view));
    expect(tally.report(3).digest).toBe(source.digest(kind, 3));
  });

  it.each(DIGESTS)('notices a single bit: %s', (kind) => {
    const tally = new Tally({ form: 'binary' }, kind);
    for (let i = 0; i < 3; i++) arrive(source.entry(i), (view) => tally.add(view));
    const altered = { ...source.entry(3), data: Buffer.from(source.entry(3).data) };
    altered.data.writeUInt8(altered.data.readUInt8(39) ^ 1, 39);
    arrive(altered, (view) => tally.add(view));
    expect(tally.report(4)).toMatchObject({ received: 4, duplicated: 0, foreign: 0 });
    expect(tally.report(4).digest).not.toBe(source.digest(kind, 4));
  });

  it.each<[string, Partial<LoadReport>, boolean]>([
    ['all is confirmed, and no more is known', { lost: 0 }, true],
    ['some are not confirmed', { lost: 3 }, false],
    ['all arrived', { lost: 0, duplicated: 0, foreign: 0, digestMatches: true }, true],
    ['some arrived twice', { lost: 0, duplicated: 5, foreign: 0 }, true],
    ['some are lost', { lost: 1, duplicated: 0, foreign: 0 }, false],
    ['some were never sent', { lost: 0, duplicated: 0, foreign: 1 }, false],
    ['something is altered', { lost: 0, duplicated: 0, foreign: 0, digestMatches: false }, false],
  ])('decides the exit status: %s', (_what, report, sound) => {
    expect(isSound(report as LoadReport)).toBe(sound);
  });
});
