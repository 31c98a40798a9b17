import { Source } from '@ringest/codec';
import {
  Control,
  createLaneMemory,
  LARGE_BYTES,
  passEntries,
  ReadOutcome,
  RingCorruptError,
  RingReader,
  RingSizeError,
  TO_INDEXER_AT,
  unstampFrames,
} from '@ringest/workers/internal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../support/vectors.js';
import {
  anyStep,
  commit,
  expectInvariants,
  Model,
  makeRing,
  SIZE,
  startAt,
  take,
} from './ring-model.js';

const source = Source.parse('10.1.2.3');

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
      // A failure of many steps may be made smaller for ever.
      { ...fuzzRuns(80), interruptAfterTimeLimit: FUZZ_TIMEOUT_MS / 3 },
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

  it.each([
    ['data that passes the end', 5000],
    ['more data than there is memory', 0x3fffffff],
    ['values that pass the end', 0x40000000 | 3],
    ['values of which there is only the beginning', 0x40000000 | 11],
  ])('tells a frame with %s, and does not leave its memory', (_what, word) => {
    const { writer, reader, ring } = makeRing();
    writer.write(1, 2, 3, source, 'a whole one', undefined);
    writer.write(1, 2, 3, source, 'overwritten', undefined);
    writer.commit();
    while (reader.next(SIZE) === ReadOutcome.frames);
    const length = ring.address(0) + 46 + 11 + 4;
    // The data begins with what would be the length of its values.
    ring.bytes.writeUInt32LE(word, length);
    ring.bytes.writeUInt32LE(0xfffffff0, length + 42 + 3);
    const to = writer.cursor;
    expect(passEntries(ring, 0, to, 1)).toMatchObject({ entries: 1 });
    expect(() => passEntries(ring, 0, to, 2)).toThrow(RingCorruptError);
    expect(() => unstampFrames(ring, 0, to)).toThrow(RingCorruptError);
    expect(() => passEntries(ring, 0, to - 20, 2)).toThrow(RingCorruptError);
    expect(() => new RingReader(ring).rewind(0)).toThrow(RingCorruptError);
  });

  it('tells records that do not end where they must', () => {
    const { writer, ring } = makeRing();
    writer.writeLarge(5, 1);
    writer.commit();
    expect(() => passEntries(ring, 0, LARGE_BYTES - 1, 9)).toThrow(RingCorruptError);
    expect(() => unstampFrames(ring, 0, LARGE_BYTES - 1)).toThrow(RingCorruptError);
    ring.bytes.writeUInt32LE(0, ring.address(0));
    expect(() => passEntries(ring, 0, LARGE_BYTES, 9), 'a pad').toThrow(RingCorruptError);
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
