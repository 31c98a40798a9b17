import { Source } from '@ringest/codec';
import {
  Control,
  createRing,
  RingCorruptError,
  RingWriter,
  RunReader,
} from '@ringest/workers/internal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

const SIZE = 65536;
const HEADER_BYTES = 46;
const SOURCE = Source.parse('10.1.2.3');

function bothEnds() {
  const ring = createRing(SIZE);
  return { ring, writer: new RingWriter(ring), reader: new RunReader(ring) };
}

describe('a reader of runs', () => {
  it('gets what was committed, in runs of one tag and of a length that was asked for', () => {
    const piece = fc.record({
      tag: fc.integer({ min: 0, max: 2 }),
      count: fc.integer({ min: 1, max: 60 }),
      bytes: fc.oneof(fc.nat(200), fc.integer({ min: 5000, max: 16_000 })),
    });
    fc.assert(
      fc.property(fc.array(piece), fc.integer({ min: 1, max: 20_000 }), (pieces, most) => {
        const { writer, reader } = bothEnds();
        const written: string[] = [];
        const read: string[] = [];
        const drain = () => {
          writer.commit();
          for (let run = reader.head(most); run !== undefined; run = reader.head(most)) {
            if (run.kind !== 'frames') throw new Error('no frame is large');
            const { frames, tag, entries } = run;
            if (entries > 1) expect(frames.length).toBeLessThanOrEqual(most);
            let at = 0;
            for (let i = 0; i < entries; i++) {
              const bytes = frames.readUInt32LE(at + 4) & 0x3fffffff;
              expect(frames.readUInt16LE(at + 20)).toBe(tag);
              at += HEADER_BYTES;
              read.push(`${tag} ${frames.toString('latin1', at, at + bytes)}`);
              at += bytes;
            }
            expect(at).toBe(frames.length);
            reader.pass();
          }
          expect(reader.position).toBe(writer.position);
        };
        for (const { tag, count, bytes } of pieces) {
          for (let i = 0; i < count; i++) {
            const data = `${written.length}`.padEnd(bytes, '.');
            const write = () => writer.write(1, 2, tag, SOURCE, data, undefined);
            if (!write()) {
              drain();
              expect(write()).toBe(true);
            }
            written.push(`${tag} ${data}`);
          }
        }
        drain();
        expect(read).toEqual(written);
      }),
      { numRuns: 50 },
    );
  });

  it('sees only what is committed, and returns the same until it passes it', () => {
    const { writer, reader } = bothEnds();
    writer.write(1, 2, 0, SOURCE, 'one', undefined);
    expect(reader.head(SIZE)).toBeUndefined();
    writer.commit();
    writer.write(1, 2, 0, SOURCE, 'two', undefined);
    expect(reader.head(SIZE)).toMatchObject({ kind: 'frames', entries: 1 });
    expect(reader.head(SIZE)).toMatchObject({ kind: 'frames', entries: 1 });
    reader.pass();
    expect(reader.head(SIZE)).toBeUndefined();
    expect(reader.committed).toBe(reader.position);
  });

  it('stops at a large frame, and at others of its tag behind it', () => {
    const { writer, reader } = bothEnds();
    writer.write(1, 2, 5, SOURCE, 'one', undefined);
    writer.writeLarge(7, 5);
    writer.write(1, 2, 5, SOURCE, 'two', undefined);
    writer.commit();
    const seen = [];
    for (let run = reader.head(SIZE); run !== undefined; run = reader.head(SIZE)) {
      seen.push(run.kind === 'large' ? run.key : run.entries);
      reader.pass();
    }
    expect(seen).toEqual([1, 7, 1]);
  });

  it('tells records that pass the end of what is committed, and hands out none of them', () => {
    const { ring, writer, reader } = bothEnds();
    writer.write(1, 2, 5, SOURCE, 'one', undefined);
    writer.commit();
    // Not committed.
    writer.write(1, 2, 5, SOURCE, 'two', undefined);
    writer.lay();
    const at = ring.address(0);
    const length = ring.view.getUint32(at + 4, true);
    ring.view.setUint32(at + 4, length + 1, true);
    expect(() => reader.head(SIZE), 'a frame').toThrow(RingCorruptError);
    ring.view.setUint32(at, 0, true);
    expect(() => reader.head(SIZE), 'a pad').toThrow(RingCorruptError);
    expect(reader.position).toBe(0);
  });

  it('has a doorbell rung once it sleeps, and does not sleep over what is committed', () => {
    const { ring, writer, reader } = bothEnds();
    const commit = () => {
      writer.write(1, 2, 0, SOURCE, 'data', undefined);
      return writer.commit();
    };
    expect(commit()).toBe(false);
    expect(reader.sleep()).toBe(false);
    reader.head(SIZE);
    reader.pass();
    expect(reader.sleep()).toBe(true);
    expect(commit()).toBe(true);
    expect(Atomics.load(ring.control, Control.asleep)).toBe(0);
    expect(commit()).toBe(false);
  });
});
