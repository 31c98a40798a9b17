import { Source } from '@ringest/codec';
import {
  Control,
  createLaneMemory,
  distance,
  kernelModule,
  LARGE_BYTES,
  passEntries,
  ReadOutcome,
  Ring,
  RingCorruptError,
  RingReader,
  RingSizeError,
  RingWriter,
  TO_INDEXER_AT,
  TO_MUXER_AT,
} from '@ringest/workers/internal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../support/vectors.js';

const SIZE = 65536;
const source = Source.parse('10.1.2.3');
const indexerTag = (tag: number) => 40_000 - tag;

function makeRing(): { writer: RingWriter; reader: RingReader; ring: Ring } {
  const memory = createLaneMemory(SIZE);
  const tables = Buffer.from(memory.buffer);
  for (let tag = 0; tag < 100; tag++) {
    tables.writeUInt16LE(indexerTag(tag), TO_INDEXER_AT + 2 * tag);
    tables.writeUInt16LE(tag, TO_MUXER_AT + 2 * indexerTag(tag));
  }
  const ring = new Ring(memory, kernelModule());
  ring.kernel.setNextId(1);
  return {
    writer: new RingWriter(new Ring(memory, kernelModule())),
    reader: new RingReader(ring),
    ring,
  };
}

/** Starts a ring anywhere in the range of its cursors, as if so many bytes had passed through. */
function startAt(cursor: number): ReturnType<typeof makeRing> {
  const made = makeRing();
  for (const word of [Control.written, Control.sent, Control.released]) {
    Atomics.store(made.ring.control, word, cursor);
  }
  const { ring } = made;
  return {
    ring,
    reader: new RingReader(ring),
    writer: new RingWriter(new Ring(ring.memory, kernelModule())),
  };
}

/** One entry of the model. */
interface ModelEntry {
  readonly number: number;
  readonly tag: number;
  /** Bytes of data; `undefined` for a reference to a large frame. */
  readonly bytes: number | undefined;
}

/**
 * The twin of a ring: three queues. Every operation is done on both, and what the ring hands out
 * must be what the model says, byte by byte.
 */
class Model {
  readonly uncommitted: ModelEntry[] = [];
  readonly committed: ModelEntry[] = [];
  readonly sent: ModelEntry[] = [];
  /** The id of the first entry of `sent`. */
  firstId = 1;
  written = 0;
}

type Step = (model: Model, ring: ReturnType<typeof makeRing>) => void;

const write =
  (tag: number, bytes: number): Step =>
  (model, { writer }) => {
    const entry = { number: model.written, tag, bytes };
    const data = Buffer.alloc(bytes, entry.number % 251);
    const isText = bytes % 3 === 0;
    const text = 'é'.repeat(bytes / 2);
    const content = isText && bytes % 2 === 0 ? text : data;
    const before = writer.unconfirmed();
    if (writer.write(entry.number, 7, tag, source, content, undefined)) {
      model.uncommitted.push(entry);
      model.written++;
    } else {
      // It may refuse only when frame and pad really do not fit.
      expect(before + 2 * (46 + bytes)).toBeGreaterThan(SIZE);
    }
  };

const writeLarge =
  (tag: number): Step =>
  (model, { writer }) => {
    if (!writer.writeLarge(model.written, tag)) return;
    model.uncommitted.push({ number: model.written, tag, bytes: undefined });
    model.written++;
  };

const commit: Step = (model, { writer }) => {
  writer.commit();
  model.committed.push(...model.uncommitted.splice(0));
};

const take =
  (most: number): Step =>
  (model, { reader, ring }) => {
    const id = ring.kernel.nextId();
    const sentBefore = model.sent.length;
    switch (reader.next(most)) {
      case ReadOutcome.nothing:
        expect(model.committed).toEqual([]);
        return;
      case ReadOutcome.unknownTag:
        throw new Error('all tags are known');
      case ReadOutcome.large: {
        const entry = model.committed.shift() as ModelEntry;
        expect(entry).toEqual({ number: reader.largeKey, tag: reader.largeTag, bytes: undefined });
        ring.kernel.setNextId(id + 1);
        reader.passLarge();
        model.sent.push(entry);
        break;
      }
      case ReadOutcome.frames: {
        let at = reader.address;
        const end = at + reader.bytes;
        for (let next = id; at < end; next++) {
          const entry = model.committed.shift() as ModelEntry;
          expectFrame(ring.bytes, at, entry, next);
          at += 46 + (entry.bytes as number);
          model.sent.push(entry);
        }
        expect(at).toBe(end);
      }
    }
    expect(ring.kernel.nextId() - id).toBe(model.sent.length - sentBefore);
  };

function expectFrame(bytes: Buffer, at: number, entry: ModelEntry, id: number): void {
  expect(bytes.readUInt32LE(at)).toBe(0xc7c95acb);
  expect(bytes.readUInt32LE(at + 4)).toBe((0x80000000 | (entry.bytes as number)) >>> 0);
  expect(bytes.readBigInt64LE(at + 8)).toBe(BigInt(entry.number) + 62135596800n);
  expect(bytes.readUInt16LE(at + 20)).toBe(indexerTag(entry.tag));
  expect(bytes.readUInt32LE(at + 22)).toBe(0x0302010a);
  expect(bytes.readBigUInt64LE(at + 38)).toBe(BigInt(id));
}

/** Confirms about `share` of what is sent, at the end of an entry. */
const confirm =
  (share: number): Step =>
  (model, { reader, ring }) => {
    const count = Math.floor(model.sent.length * share);
    const { cursor, entries } = passEntries(ring, reader.released, reader.sent, count);
    expect(entries).toBe(count);
    reader.release(cursor);
    model.sent.splice(0, count);
    model.firstId += count;
  };

/** The connection is lost, when the indexer had confirmed a share that was not released yet. */
const lose =
  (share: number): Step =>
  (model, { reader, ring }) => {
    const confirmed = Math.floor(model.sent.length * share);
    expect(reader.rewind(confirmed).again.entries).toBe(model.sent.length - confirmed);
    model.sent.splice(0, confirmed);
    model.committed.unshift(...model.sent.splice(0));
    model.firstId = 1;
    ring.kernel.setNextId(1);
  };

const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(fc.nat(99), fc.nat(3000)).map(([t, n]) => write(t, n)) },
  { weight: 2, arbitrary: fc.tuple(fc.nat(99), fc.nat(16_384 - 46)).map(([t, n]) => write(t, n)) },
  { weight: 1, arbitrary: fc.nat(99).map(writeLarge) },
  { weight: 4, arbitrary: fc.constant(commit) },
  { weight: 6, arbitrary: fc.integer({ min: 4, max: 20_000 }).map(take) },
  { weight: 4, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map(confirm) },
  { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }).map(lose) },
);

function expectInvariants({ ring, writer, reader }: ReturnType<typeof makeRing>): void {
  const [released, sent, written] = [Control.released, Control.sent, Control.written].map((word) =>
    Atomics.load(ring.control, word),
  ) as [number, number, number];
  expect(distance(released, sent)).toBeLessThanOrEqual(distance(released, written));
  expect(distance(released, written)).toBeLessThanOrEqual(distance(released, writer.cursor));
  expect(distance(released, writer.cursor)).toBeLessThanOrEqual(SIZE);
  expect([reader.released, reader.sent]).toEqual([released, sent]);
}

describe('a ring', () => {
  it('does what its model does, in any order of operations', { timeout: FUZZ_TIMEOUT_MS }, () => {
    const anyStart = fc.oneof(
      fc.constant(0),
      fc.integer({ min: -200_000, max: 200_000 }),
      fc.integer(),
    );
    fc.assert(
      fc.property(anyStart, fc.array(anyStep, { maxLength: 300, size: 'max' }), (start, steps) => {
        const ring = startAt(start & ~(SIZE - 1));
        const model = new Model();
        for (const step of [...steps, commit]) {
          step(model, ring);
          expectInvariants(ring);
        }
        const { cursor, entries } = passEntries(
          ring.ring,
          ring.reader.released,
          ring.writer.cursor,
          Number.MAX_SAFE_INTEGER,
        );
        expect(cursor).toBe(ring.writer.cursor);
        expect(entries).toBe(model.sent.length + model.committed.length);
        while (model.committed.length > 0) take(20_000)(model, ring);
      }),
      fuzzRuns(150),
    );
  });

  it('takes frames until it is full to the last byte, and gives all room back', () => {
    const { writer, reader, ring } = makeRing();
    const data = Buffer.alloc(128 - 46, 'x');
    for (let round = 0; round < 5; round++) {
      for (let i = 0; i < SIZE / 128; i++) {
        expect(writer.write(i, 0, 1, source, data, undefined)).toBe(true);
      }
      expect(writer.write(0, 0, 1, source, '', undefined)).toBe(false);
      writer.commit();
      while (reader.next(10_000) === ReadOutcome.frames);
      expect(reader.unconfirmed).toBe(SIZE);
      reader.release(reader.sent);
      expect(writer.unconfirmed()).toBe(0);
    }
    expect(ring.kernel.nextId()).toBe((5 * SIZE) / 128 + 1);
  });

  it('passes the end with every remainder of bytes that can be left there', () => {
    for (let left = 0; left < 130; left++) {
      const { writer, reader } = makeRing();
      const filler = Math.floor((SIZE - left) / 5);
      const last = SIZE - left - 4 * filler;
      for (const size of [filler, filler, filler, filler, last, 146, 146]) {
        expect(writer.write(1, 2, 3, source, Buffer.alloc(size - 46), undefined)).toBe(true);
        writer.commit();
        expect(reader.next(SIZE)).toBe(ReadOutcome.frames);
        expect(reader.bytes).toBe(size);
        reader.release(reader.sent);
      }
    }
  });

  it('leaves nothing of an uncommitted frame to the worker', () => {
    const { writer, reader } = makeRing();
    writer.write(1, 2, 3, source, 'not yet', undefined);
    expect(reader.next(SIZE)).toBe(ReadOutcome.nothing);
    expect(reader.available()).toBe(0);
    writer.commit();
    expect(reader.next(SIZE)).toBe(ReadOutcome.frames);
  });

  it('rings for a worker that sleeps, once', () => {
    const { writer, ring } = makeRing();
    writer.write(1, 2, 3, source, 'one', undefined);
    expect(writer.commit()).toBe(false);
    Atomics.store(ring.control, Control.asleep, 1);
    expect(writer.commit(), 'nothing to commit').toBe(false);
    writer.write(1, 2, 3, source, 'two', undefined);
    expect(writer.commit()).toBe(true);
    writer.write(1, 2, 3, source, 'three', undefined);
    expect(writer.commit()).toBe(false);
  });

  it('stops in front of a tag that the indexer does not know', () => {
    const { writer, reader } = makeRing();
    writer.write(1, 2, 3, source, 'known', undefined);
    writer.write(1, 2, 200, source, 'unknown', undefined);
    writer.write(1, 2, 3, source, 'behind it', undefined);
    writer.commit();
    expect(reader.next(SIZE)).toBe(ReadOutcome.frames);
    expect(reader.bytes).toBe(46 + 'known'.length);
    expect(reader.next(SIZE)).toBe(ReadOutcome.unknownTag);
    expect(reader.unknownTag).toBe(200);
    expect(reader.next(SIZE)).toBe(ReadOutcome.unknownTag);
  });

  it('is taken over at any point: stamps are taken back, also those beyond what was sent', () => {
    const { writer, reader, ring } = makeRing();
    for (let i = 0; i < 10; i++) writer.write(i, 0, i, source, `entry ${i}`, undefined);
    writer.commit();
    expect(reader.next(60)).toBe(ReadOutcome.frames);
    // A worker that dies here has stamped frames that it never counted as sent.
    const from = ring.address(reader.sent);
    ring.kernel.stamp(from, from + 120, TO_INDEXER_AT);
    const heir = new RingReader(ring);
    expect(heir.rewind(0).again.entries).toBeGreaterThan(0);
    for (let tag = 0, at = ring.address(heir.released); tag < 10; tag++, at += 46 + 7) {
      expect(ring.bytes.readUInt16LE(at + 20)).toBe(tag);
      expect(ring.bytes.readBigUInt64LE(at + 38)).toBe(0n);
    }
  });

  it('tells bytes that are no record', () => {
    const { writer, reader, ring } = makeRing();
    writer.write(1, 2, 3, source, 'one', undefined);
    writer.commit();
    ring.bytes.writeUInt32LE(0x12345678, ring.address(0));
    expect(() => reader.next(SIZE)).toThrow(RingCorruptError);
  });

  it('has a power of two of bytes, from 64 KiB to 1 GiB', () => {
    for (const size of [0, -65536, 1000, 32768, 65537, 2 ** 31, Number.NaN]) {
      expect(() => createLaneMemory(size)).toThrow(RingSizeError);
    }
    expect(createLaneMemory(65536).buffer.byteLength % 65536).toBe(0);
  });

  it('counts references to large frames as entries', () => {
    const { writer, ring } = makeRing();
    writer.writeLarge(5, 1);
    writer.write(1, 2, 3, source, 'small', undefined);
    expect(writer.entries).toBe(2);
    expect(writer.cursor).toBe(LARGE_BYTES + 46 + 5);
    writer.lay();
    expect(passEntries(ring, 0, writer.cursor, 10)).toMatchObject({
      cursor: writer.cursor,
      entries: 2,
    });
  });
});
