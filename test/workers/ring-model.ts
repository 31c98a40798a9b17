import { encodeEnumeratedBlock, type IndexerTag, Source } from '@ringest/codec';
import { PackedRun } from '@ringest/core/internal';
import {
  Control,
  createLaneMemory,
  distance,
  encodedSize,
  encodeFrame,
  type FrameParts,
  kernelModule,
  LARGE_BYTES,
  passEntries,
  ReadOutcome,
  Ring,
  RingReader,
  RingWriter,
  stampFrame,
  TO_INDEXER_AT,
  TO_MUXER_AT,
} from '@ringest/workers/internal';
import fc from 'fast-check';
import { expect } from 'vitest';

export const SIZE = 65536;
const TAGS = 100;
const LOCAL = Source.parse('127.0.0.1');
/** More than the stage has places for. */
const SOURCES = Array.from({ length: 90 }, (_, i) =>
  i % 9 === 0 ? undefined : Source.parse(i % 2 === 0 ? `10.1.2.${i}` : `fe80::${i}`),
);

const indexerTag = (tag: number) => (40_000 - tag) as IndexerTag;

export interface Rig {
  readonly writer: RingWriter;
  readonly reader: RingReader;
  readonly ring: Ring;
}

export function makeRing(): Rig {
  const memory = createLaneMemory(SIZE);
  const tables = Buffer.from(memory.buffer);
  for (let tag = 0; tag < TAGS; tag++) {
    tables.writeUInt16LE(indexerTag(tag), TO_INDEXER_AT + 2 * tag);
    tables.writeUInt16LE(tag, TO_MUXER_AT + 2 * indexerTag(tag));
  }
  const ring = new Ring(memory, kernelModule());
  ring.kernel.setNextId(1);
  ring.kernel.setTakesValues(true);
  const { w0, w1, w2, w3, isIPv4 } = LOCAL;
  ring.kernel.setLocalSource(w0, w1, w2, w3, isIPv4);
  return {
    writer: new RingWriter(new Ring(memory, kernelModule())),
    reader: new RingReader(ring),
    ring,
  };
}

/** Starts a ring anywhere in the range of its cursors, as if so many bytes had passed through. */
export function startAt(cursor: number): Rig {
  const { ring } = makeRing();
  for (const word of [Control.written, Control.sent, Control.released]) {
    Atomics.store(ring.control, word, cursor);
  }
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
  /** `undefined` for a reference to a large frame. */
  readonly parts: FrameParts | undefined;
}

/**
 * The twin of a ring: three queues. Every operation is done on both, and what the ring hands out
 * must be what the model says, byte by byte.
 */
export class Model {
  readonly uncommitted: ModelEntry[] = [];
  readonly committed: ModelEntry[] = [];
  readonly sent: ModelEntry[] = [];
  written = 0;
  /** For the contents of entries: it never goes back. */
  #made = 0;

  /** The next entry, with so many bytes of data. Which source and values it has follows from its number. */
  make(tag: number, bytes: number): FrameParts {
    const made = this.#made++;
    const text = made % 3 === 0 ? 'é'.repeat(bytes / 2) : undefined;
    return {
      seconds: made - 1000,
      nanoseconds: made % 1e9,
      tag,
      source: SOURCES[(made % 200 < 100 ? made : made >> 3) % SOURCES.length],
      data: text ?? Buffer.alloc(bytes, `data ${made} `),
      values: made % 11 === 0 ? encodeEnumeratedBlock({ made }) : undefined,
    };
  }

  add(...entries: readonly FrameParts[]): void {
    for (const parts of entries) {
      this.uncommitted.push({ number: this.written, tag: parts.tag, parts });
      this.written++;
    }
  }
}

export type Step = (model: Model, rig: Rig) => void;

const write =
  (tag: number, bytes: number): Step =>
  (model, { writer }) => {
    const parts = model.make(tag, bytes);
    const { seconds, nanoseconds, source, data, values } = parts;
    const before = writer.unconfirmed();
    const frameBytes = encodedSize(parts);
    const isWritten = writer.write(seconds, nanoseconds, tag, source, data, values);
    if (isWritten) model.add(parts);
    // It may refuse only when the frame is too long, or frame and pad really do not fit.
    else if (frameBytes <= writer.maxFrame) expect(before + 2 * frameBytes).toBeGreaterThan(SIZE);
    if (frameBytes > writer.maxFrame) expect(isWritten).toBe(false);
  };

/** Writes the beginning of a run, as long as many find room together. */
const writeRun =
  (tag: number, sizes: readonly number[], hasValues: boolean): Step =>
  (model, { writer }) => {
    const common = {
      ...model.make(tag, 0),
      values: hasValues ? encodeEnumeratedBlock({ tag }) : undefined,
    };
    const bodies = sizes.map((bytes, i) => Buffer.alloc(bytes, `run ${model.written + i} `));
    const offsets = new Uint32Array(sizes.length + 1);
    for (const [i, bytes] of sizes.entries()) offsets[i + 1] = (offsets[i] as number) + bytes;
    const seconds = Float64Array.from(sizes, (_, i) => i - 5);
    const times = { seconds, nanoseconds: Uint32Array.from(sizes, (_, i) => i) };
    const run = new PackedRun(Buffer.concat(bodies), offsets, { tags: undefined, times }, common);
    const entries = bodies.map((data, i) => ({ ...common, seconds: i - 5, nanoseconds: i, data }));
    for (let outcome = ''; outcome !== 'full' && !run.isDone; ) {
      const { written } = run;
      const before = writer.unconfirmed();
      outcome = writer.writeRun(run);
      model.add(...entries.slice(written, run.written));
      const next = entries[run.written];
      if (outcome === 'written') {
        expect(run.written).toBeGreaterThan(written);
      } else if (outcome === 'alone') {
        expect(encodedSize(next as FrameParts)).toBeGreaterThan(writer.maxFrame);
        run.passedNext();
      } else if (run.written === written) {
        const needed = Math.max(4096, encodedSize(next as FrameParts));
        expect(before + 2 * needed).toBeGreaterThan(SIZE);
      }
    }
  };

/** Writes frames that were encoded elsewhere, back to back. */
const writeFrames =
  (tag: number, count: number, bytes: number): Step =>
  (model, { writer }) => {
    const entries = Array.from({ length: count }, () => model.make(tag, bytes));
    if (writer.writeFrames(Buffer.concat(entries.map(frameOf)), count)) model.add(...entries);
  };

const writeLarge =
  (tag: number): Step =>
  (model, { writer }) => {
    if (!writer.writeLarge(model.written, tag)) return;
    model.uncommitted.push({ number: model.written, tag, parts: undefined });
    model.written++;
  };

export const commit: Step = (model, { writer }) => {
  writer.commit();
  model.committed.push(...model.uncommitted.splice(0));
};

/** Does what may be taken back, looks at it or not, and takes it back or not. */
const attempt =
  (steps: readonly Step[], looks: boolean, takesBack: boolean): Step =>
  (model, rig) => {
    const { writer } = rig;
    const mark = writer.mark();
    const { cursor, entries, bytes, position } = writer;
    const before = model.uncommitted.length;
    for (const step of steps) {
      step(model, rig);
      if (looks) expectSince(writer.since(mark), model.uncommitted.slice(before));
    }
    if (!takesBack) return;
    writer.rewind(mark);
    model.written -= model.uncommitted.splice(before).length;
    const {
      cursor: newCursor,
      entries: newEntries,
      bytes: newBytes,
      position: newPosition,
    } = writer;
    expect([newCursor, newEntries, newBytes, newPosition]).toEqual([
      cursor,
      entries,
      bytes,
      position,
    ]);
    expectSince(writer.since(mark), []);
  };

function expectSince(views: readonly Buffer[], entries: readonly ModelEntry[]): void {
  const frames = entries.map(({ number, tag, parts }) =>
    parts === undefined ? largeReference(number, tag) : frameOf(parts),
  );
  expect(Buffer.concat(views).equals(Buffer.concat(frames))).toBe(true);
}

function largeReference(key: number, tag: number): Buffer {
  const reference = Buffer.alloc(LARGE_BYTES);
  reference.write('LARG', 'latin1');
  reference.writeUInt32LE(key, 4);
  reference.writeUInt32LE(tag, 8);
  return reference;
}

function frameOf(parts: FrameParts): Buffer {
  const frame = Buffer.alloc(encodedSize(parts));
  encodeFrame(parts, frame);
  return frame;
}

export const take =
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
        expect(entry).toEqual({ number: reader.largeKey, tag: reader.largeTag, parts: undefined });
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
          const frame = frameOf(entry.parts as FrameParts);
          stampFrame(frame, indexerTag(entry.tag), next, LOCAL);
          const actual = ring.bytes.subarray(at, at + frame.length);
          if (!actual.equals(frame)) expect(actual.toString('hex')).toBe(frame.toString('hex'));
          at += frame.length;
          model.sent.push(entry);
        }
        expect(at).toBe(end);
      }
    }
    expect(ring.kernel.nextId() - id).toBe(model.sent.length - sentBefore);
  };

/** Confirms about `share` of what is sent, at the end of an entry. */
const confirm =
  (share: number): Step =>
  (model, { reader, ring }) => {
    const count = Math.floor(model.sent.length * share);
    const { cursor, entries } = passEntries(ring, reader.released, reader.sent, count);
    expect(entries).toBe(count);
    reader.release(cursor);
    model.sent.splice(0, count);
  };

/** The connection is lost, when the indexer had confirmed a share that was not released yet. */
const lose =
  (share: number): Step =>
  (model, { reader, ring }) => {
    const confirmed = Math.floor(model.sent.length * share);
    expect(reader.rewind(confirmed).again.entries).toBe(model.sent.length - confirmed);
    model.sent.splice(0, confirmed);
    model.committed.unshift(...model.sent.splice(0));
    ring.kernel.setNextId(1);
  };

const anyTag = fc.nat(TAGS - 1);
const anyShare = fc.double({ min: 0, max: 1, noNaN: true });
const anySizes = fc.oneof(
  { weight: 4, arbitrary: fc.array(fc.nat(400), { maxLength: 60, size: 'max' }) },
  { weight: 1, arbitrary: fc.array(fc.nat(20_000), { maxLength: 8, size: 'max' }) },
  { weight: 1, arbitrary: fc.nat(1500).map((count) => Array<number>(count).fill(count % 3)) },
);
const anyWrite: fc.Arbitrary<Step> = fc.oneof(
  { weight: 10, arbitrary: fc.tuple(anyTag, fc.nat(3000)).map(([t, n]) => write(t, n)) },
  { weight: 4, arbitrary: fc.tuple(anyTag, fc.nat(200)).map(([t, n]) => write(t, n)) },
  { weight: 2, arbitrary: fc.tuple(anyTag, fc.nat(17_000)).map(([t, n]) => write(t, n)) },
  { weight: 1, arbitrary: anyTag.map(writeLarge) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(anyTag, fc.integer({ min: 1, max: 9 }), fc.nat(1500))
      .map((args) => writeFrames(...args)),
  },
  {
    weight: 3,
    arbitrary: fc.tuple(anyTag, anySizes, fc.boolean()).map((args) => writeRun(...args)),
  },
);
const anyTake: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.integer({ min: 4, max: 20_000 }).map(take) },
  { weight: 4, arbitrary: anyShare.map(confirm) },
);
/** What comes between is what another thread may do at any time. */
const anyAttempt: fc.Arbitrary<Step> = fc
  .tuple(
    fc.array(fc.oneof({ weight: 3, arbitrary: anyWrite }, { weight: 1, arbitrary: anyTake }), {
      maxLength: 12,
      size: 'max',
    }),
    fc.boolean(),
    fc.boolean(),
  )
  .chain(([steps, looks, takesBack]) =>
    // One within another.
    fc.option(fc.nat(steps.length), { freq: 3 }).map((at) => {
      const inner = attempt(steps.slice(at ?? steps.length), !looks, !takesBack);
      return attempt([...steps.slice(0, at ?? steps.length), inner], looks, takesBack);
    }),
  );

export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 14, arbitrary: anyWrite },
  { weight: 4, arbitrary: anyAttempt },
  { weight: 4, arbitrary: fc.constant(commit) },
  { weight: 10, arbitrary: anyTake },
  { weight: 1, arbitrary: anyShare.map(lose) },
);

export function expectInvariants({ ring, writer, reader }: Rig): void {
  const [released, sent, written] = [Control.released, Control.sent, Control.written].map((word) =>
    Atomics.load(ring.control, word),
  ) as [number, number, number];
  expect(distance(released, sent)).toBeLessThanOrEqual(distance(released, written));
  expect(distance(released, written)).toBeLessThanOrEqual(distance(released, writer.cursor));
  expect(distance(released, writer.cursor)).toBeLessThanOrEqual(SIZE);
  expect([reader.released, reader.sent]).toEqual([released, sent]);
}
