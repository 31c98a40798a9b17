import type { EntryInput, EnumeratedValue } from '@ringest/codec';
import { Source } from '@ringest/core';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { anyAddress, anyEnumeratedValue, anyText, anyTime } from '../../support/arbitraries.js';
import { type Arrival, expectArrivals, expectedArrival, keyOf } from '../../support/arrivals.js';
import { hotMuxer, SMALL_RING, wholeMuxer } from '../../support/muxer.js';
import { RecordingIndexer } from '../../support/recording-indexer.js';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../../support/vectors.js';

const TAGS = ['first', 'second', 'third'];
const NUMBERS = [0, 1, 2, 0xffff];
const nameOf = (tag: number) => TAGS[tag] ?? 'gravwell';

/** Bytes of any length, mostly short, some larger than the ring takes, at any place in their buffer. */
const anyBytes = fc
  .tuple(
    fc.oneof(
      { weight: 6, arbitrary: fc.nat({ max: 700 }) },
      { weight: 2, arbitrary: fc.nat({ max: 20_000 }) },
      { weight: 1, arbitrary: fc.integer({ min: 16_300, max: 16_400 }) },
      { weight: 1, arbitrary: fc.nat({ max: 100_000 }) },
    ),
    fc.nat({ max: 9 }),
    fc.nat({ max: 255 }),
  )
  .map(([length, offset, seed]) =>
    Uint8Array.from({ length: offset + length }, (_, i) => (i * 31 + seed) & 0xff).subarray(offset),
  );

const anyLongText = fc
  .tuple(anyText, fc.integer({ min: 1, max: 300 }))
  .map(([text, times]) => text.repeat(times));

const anySource = fc.oneof(
  fc.constant(undefined),
  anyAddress,
  anyAddress.map((bytes) => Source.fromBytes(bytes)),
  anyAddress.map((bytes) => Source.fromBytes(bytes).toString()),
);

const anyTimestamp = fc.oneof(
  anyTime,
  fc.date({ noInvalidDate: true }),
  fc.integer({ min: -1e12, max: 4e12 }),
  fc
    .date({ noInvalidDate: true, min: new Date(0), max: new Date(250e12) })
    .map((date) => date.toISOString()),
);

const anyValues: fc.Arbitrary<EnumeratedValue[] | undefined> = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: fc.array(anyEnumeratedValue, { maxLength: 5 }) },
);

const anyEntry: fc.Arbitrary<EntryInput> = fc.record({
  timestamp: anyTimestamp,
  tag: fc.constantFrom(...NUMBERS),
  data: fc.oneof(anyBytes, anyText, anyLongText),
  source: anySource,
  enumeratedValues: anyValues,
});

/** What is written at a time: one entry by itself, or a batch. */
const anyWrites = fc.array(fc.oneof(anyEntry, fc.array(anyEntry, { maxLength: 8 })), {
  maxLength: 12,
});

const isBatch = (write: EntryInput | EntryInput[]): write is EntryInput[] => Array.isArray(write);

/** As an indexer must get it; lone surrogates have become U+FFFD. */
function expectation(entry: EntryInput): Arrival {
  const { data } = entry;
  const bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data;
  return expectedArrival({ ...entry, data: bytes }, nameOf(entry.tag));
}

describe('whatever is written', () => {
  it(
    'arrives to the byte and in order, through the smallest ring',
    async () => {
      const recording = await RecordingIndexer.start({ tags: TAGS });
      const targets = [recording.address];
      const muxer = await hotMuxer({ targets, tags: TAGS, ringBytes: SMALL_RING });
      await fc.assert(
        fc.asyncProperty(anyWrites, fc.boolean(), async (writes, patient) => {
          recording.received.length = 0;
          for (const write of writes) {
            const wait = isBatch(write) ? muxer.writeBatch(write) : muxer.writeEntry(write);
            if (wait && patient) await wait;
          }
          await muxer.sync();
          expectArrivals(recording.received, writes.flat().map(expectation));
        }),
        fuzzRuns(300),
      );
    },
    FUZZ_TIMEOUT_MS,
  );

  it(
    'arrives once and to the byte, through several lanes',
    async () => {
      const recordings = [
        await RecordingIndexer.start({ tags: TAGS, firstTag: 10 }),
        await RecordingIndexer.start({ tags: TAGS, firstTag: 60_000 }),
      ];
      const muxer = await wholeMuxer({
        targets: recordings.map(({ address }) => address),
        tags: TAGS,
        ringBytes: SMALL_RING,
        batchBytes: 2000,
        connectionsPerTarget: 2,
      });
      await fc.assert(
        fc.asyncProperty(anyWrites, async (writes) => {
          for (const { received } of recordings) received.length = 0;
          for (const write of writes) {
            const wait = isBatch(write) ? muxer.writeBatch(write) : muxer.writeEntry(write);
            if (wait) await wait;
          }
          await muxer.sync();
          const arrived = recordings.flatMap(({ received }) => received);
          expectArrivals(inOrder(arrived), inOrder(writes.flat().map(expectation)));
        }),
        fuzzRuns(100),
      );
    },
    FUZZ_TIMEOUT_MS,
  );
});

function inOrder(arrivals: readonly Arrival[]): Arrival[] {
  return arrivals.toSorted((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
}
