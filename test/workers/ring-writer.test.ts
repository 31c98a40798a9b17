import { Source } from '@ringest/codec';
import { PackedRun } from '@ringest/core/internal';
import { BlockList, type FrameParts, ReadOutcome } from '@ringest/workers/internal';
import { describe, expect, it } from 'vitest';
import { makeRing, SIZE } from './ring-model.js';

const BLOCK = 16_384;
const FRAME = 46;
const PARTS: FrameParts = {
  ...{ seconds: 1, nanoseconds: 2, tag: 3, source: undefined, data: '', values: undefined },
};

/** Packed entries of these sizes. */
function runOf(sizes: readonly number[]): PackedRun {
  const offsets = new Uint32Array(sizes.length + 1);
  for (const [i, bytes] of sizes.entries()) offsets[i + 1] = (offsets[i] as number) + bytes;
  const bytes = Buffer.alloc(offsets.at(-1) as number, 'x');
  return new PackedRun(bytes, offsets, { tags: undefined, times: undefined }, PARTS);
}

/** A ring, and how to write a frame of so many bytes, source and all. */
function rig() {
  const made = makeRing();
  const write = (frameBytes: number, source?: Source) =>
    made.writer.write(1, 2, 3, source, Buffer.alloc(frameBytes - FRAME, 'y'), undefined);
  const releaseAll = () => {
    made.writer.commit();
    while (made.reader.next(SIZE) === ReadOutcome.frames);
    made.reader.release(made.reader.sent);
  };
  return { ...made, write, releaseAll };
}

describe('the blocks of a ring', () => {
  it('are given out again, the one that was released last first', () => {
    const { ring } = makeRing();
    const blocks = new BlockList(ring, 0);
    const slots = [0, 1, 2].map((i) => blocks.give(i * BLOCK, i * BLOCK, 0));
    expect(new Set(slots).size).toBe(3);
    // The first two are released, and then the third one.
    expect(blocks.give(3 * BLOCK, 3 * BLOCK, 2 * BLOCK)).toBe(slots[1]);
    expect(blocks.give(4 * BLOCK, 4 * BLOCK, 3 * BLOCK)).toBe(slots[2]);
    expect(blocks.give(5 * BLOCK, 5 * BLOCK, 3 * BLOCK)).toBe(slots[0]);
  });

  it('are few as long as little is unconfirmed', () => {
    const { ring, write, releaseAll } = rig();
    const used = new Set<number>();
    for (let i = 0; i < 100; i++) {
      expect(write(9000)).toBe(true);
      used.add(ring.blockAddress(i * BLOCK));
      releaseAll();
    }
    expect(used.size).toBe(2);
  });

  it('are taken back when what was written there is forgotten', () => {
    const { ring } = makeRing();
    const blocks = new BlockList(ring, 0);
    const first = blocks.give(0, 0, 0);
    const others = [1, 2, 3].map((i) => blocks.give(i * BLOCK, i * BLOCK, 0));
    blocks.takeBackTo(BLOCK);
    expect([1, 2, 3].map((i) => blocks.give(i * BLOCK, i * BLOCK, 0))).toEqual(others);
    expect(ring.blockAddress(5)).toBe(first);
  });

  it('are enough for a ring that is full to the last byte, wherever in a slot it begins', () => {
    for (const first of [FRAME, 5000, BLOCK - 1000]) {
      const { writer, write, releaseAll, reader } = rig();
      // Its rest of the slot is filled as well: there are no pads.
      expect(write(first)).toBe(true);
      releaseAll();
      const sizes = [BLOCK - first, BLOCK, BLOCK, BLOCK, first];
      for (const bytes of sizes) expect(write(bytes)).toBe(true);
      expect(writer.unconfirmed()).toBe(SIZE);
      expect(write(FRAME)).toBe(false);
      writer.commit();
      for (const bytes of sizes) {
        expect(reader.next(BLOCK)).toBe(ReadOutcome.frames);
        expect(reader.bytes).toBe(bytes);
      }
    }
  });
});

describe('the writer of a ring', () => {
  it('refuses a frame that is longer than a block, and writes nothing of it', () => {
    const { writer, write } = rig();
    expect(writer.maxFrame).toBe(BLOCK);
    expect(write(BLOCK + 1)).toBe(false);
    expect(writer.write(1, 2, 3, undefined, 'z'.repeat(BLOCK), undefined)).toBe(false);
    expect(writer.writeFrames(Buffer.alloc(BLOCK + 1), 1)).toBe(false);
    expect(writer.writeRun(runOf([BLOCK - FRAME + 1, 5]))).toBe('alone');
    expect([writer.cursor, writer.entries]).toEqual([0, 0]);
    expect(write(BLOCK)).toBe(true);
  });

  it('writes as much of a run as has room, and the rest later', () => {
    const { writer, write, releaseAll } = rig();
    for (let i = 0; i < 3; i++) expect(write(BLOCK)).toBe(true);
    expect(write(BLOCK - 5000)).toBe(true);
    const run = runOf(Array<number>(100).fill(54));
    expect(writer.writeRun(run)).toBe('full');
    expect([run.written, writer.entries]).toEqual([50, 54]);
    expect(writer.unconfirmed()).toBe(SIZE);
    expect(writer.writeRun(run)).toBe('full');
    expect(run.written).toBe(50);
    releaseAll();
    expect(writer.writeRun(run)).toBe('written');
    expect([run.written, run.isDone, writer.entries]).toEqual([100, true, 104]);
  });

  it('begins no run for less than 4096 bytes: its entries go alone', () => {
    const { writer, write } = rig();
    for (let i = 0; i < 3; i++) expect(write(BLOCK)).toBe(true);
    expect(write(BLOCK - 4095)).toBe(true);
    const run = runOf([10, 10]);
    expect(writer.writeRun(run)).toBe('full');
    expect(run.written).toBe(0);
    expect(write(FRAME + 10)).toBe(true);
  });

  it('forgets what came after a mark, staged or laid down, in the same slot or others', () => {
    for (const after of [0, 1, 3, 200, 900]) {
      for (const isLaidDown of [false, true]) {
        const { writer, write, reader } = rig();
        for (let i = 0; i < 3; i++) expect(write(60, Source.parse('10.1.2.3'))).toBe(true);
        const mark = writer.mark();
        for (let i = 0; i < after; i++)
          expect(write(70, Source.parse(`10.1.2.${i % 200}`))).toBe(true);
        if (isLaidDown) writer.lay();
        writer.rewind(mark);
        expect([writer.cursor, writer.entries, writer.bytes]).toEqual([180, 3, 180]);
        expect(write(80)).toBe(true);
        writer.commit();
        expect(reader.next(SIZE)).toBe(ReadOutcome.frames);
        expect(reader.bytes).toBe(260);
      }
    }
  });

  it('shows what came after a mark, a view for each slot, without what came before', () => {
    const { writer, write } = rig();
    expect(write(1000)).toBe(true);
    const mark = writer.mark();
    for (let i = 0; i < 5; i++) expect(write(7000)).toBe(true);
    // Two and a half of them find room in each slot.
    expect(writer.since(mark).map(({ length }) => length)).toEqual([14_000, 14_000, 7000]);
    expect(writer.bytes).toBe(36_000);
    expect(writer.position).toBe(2 * BLOCK + 7000);
    expect(writer.since(writer.mark())).toEqual([]);
  });

  it('takes back nothing that is committed', () => {
    const { writer, write } = rig();
    const mark = writer.mark();
    expect(write(100)).toBe(true);
    writer.commit();
    expect(write(50)).toBe(true);
    writer.rewind(mark);
    expect([writer.cursor, writer.entries]).toEqual([150, 2]);
  });
});
