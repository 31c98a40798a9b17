import {
  BLOCKS_AT,
  BODIES_AT,
  createLaneMemory,
  instantiateKernel,
  type Kernel,
  kernelModule,
  RECORDS_AT,
  SOURCES_AT,
  TO_INDEXER_AT,
  TO_MUXER_AT,
} from '@ringest/workers/internal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../support/vectors.js';
import { KernelTwin } from './kernel-twin.js';

const RING_BYTES = 65536;
const RING_AT = BLOCKS_AT;

/** The kernel or its twin, over memory of its own. */
interface Side {
  readonly kernel: Kernel;
  readonly bytes: Buffer;
}

function makePair(): [Side, Side] {
  const memory = createLaneMemory(RING_BYTES);
  const other = createLaneMemory(RING_BYTES);
  return [
    { kernel: instantiateKernel(kernelModule(), memory), bytes: Buffer.from(memory.buffer) },
    { kernel: new KernelTwin(other.buffer), bytes: Buffer.from(other.buffer) },
  ];
}

const word = fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 });

const anyFrame = fc.record({
  source: fc.option(fc.record({ words: fc.tuple(word, word, word, word), isIPv4: fc.boolean() })),
  seconds: fc.integer({ min: -62135596800, max: 2 ** 52 }),
  nanoseconds: fc.integer({ min: 0, max: 999_999_999 }),
  tag: fc.oneof(fc.integer({ min: 0, max: 9 }), fc.constant(0xffff)),
  data: fc.uint8Array({ maxLength: 700 }),
  values: fc.option(fc.uint8Array({ maxLength: 60 })),
});
type Frame = typeof anyFrame extends fc.Arbitrary<infer Value> ? Value : never;

/** Lays one frame down. Its body lies at the beginning of the bodies. */
function layOne(
  { kernel, bytes }: Side,
  at: number,
  { source, seconds, nanoseconds, tag, data, values }: Frame,
): number {
  const block = values === null ? Buffer.alloc(0) : Buffer.alloc(8 + values.length);
  if (values !== null) block.writeUInt32LE(block.length, 0);
  bytes.set(data, BODIES_AT);
  bytes.set(block, BODIES_AT + data.length);
  for (const [i, word] of (source?.words ?? []).entries()) {
    bytes.writeInt32LE(word, SOURCES_AT + 4 * i);
  }
  const flags = (values === null ? 0 : 0x40000000) | (source?.isIPv4 ? 0x80000000 : 0);
  bytes.writeUInt32LE(BODIES_AT, RECORDS_AT);
  bytes.writeUInt32LE(data.length + block.length, RECORDS_AT + 4);
  bytes.writeUInt32LE((data.length | flags) >>> 0, RECORDS_AT + 8);
  bytes.writeUInt32LE(tag, RECORDS_AT + 12);
  bytes.writeDoubleLE(seconds, RECORDS_AT + 16);
  bytes.writeUInt32LE(nanoseconds, RECORDS_AT + 24);
  bytes.writeUInt32LE(source === null ? 0 : SOURCES_AT, RECORDS_AT + 28);
  return kernel.lay(RECORDS_AT, 1, at, bytes.length, 0, 0);
}

/** Lays frames down back to back from an address on. Returns where they end. */
function encodeAll(side: Side, from: number, frames: readonly Frame[]): number {
  return frames.reduce((at, frame) => layOne(side, at, frame), from);
}

/** A frame with some data and nothing else. */
function plainFrame(data: Buffer<ArrayBuffer>): Frame {
  return { source: null, seconds: 0, nanoseconds: 0, tag: 0, data, values: null };
}

/** Tags 0 to 7 are known to the indexer by other numbers, 8 and 9 are not. */
function learnTags({ bytes }: Side): void {
  for (let tag = 0; tag < 8; tag++) {
    bytes.writeUInt16LE(500 - tag, TO_INDEXER_AT + 2 * tag);
    bytes.writeUInt16LE(tag, TO_MUXER_AT + 2 * (500 - tag));
  }
}

function expectSameRing([one, other]: [Side, Side]): void {
  expect(one.bytes.subarray(RING_AT).equals(other.bytes.subarray(RING_AT))).toBe(true);
}

describe('the kernel', () => {
  it('encodes, stamps, walks and unstamps like its twin', { timeout: FUZZ_TIMEOUT_MS }, () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 40 }),
        fc.nat({ max: 7 }),
        fc.nat({ max: RING_BYTES }),
        fc.nat({ max: 50 }),
        fc.integer({ min: 1, max: 2 ** 50 }),
        fc.boolean(),
        (frames, shift, cut, most, firstId, takesValues) => {
          const pair = makePair();
          const results = pair.map((side) => {
            const { kernel } = side;
            const from = RING_AT + shift;
            const end = encodeAll(side, from, frames);
            learnTags(side);
            kernel.setLocalSource(0x0100007f, 0, 0, 0, true);
            kernel.setNextId(firstId);
            kernel.setTakesValues(takesValues);
            const stamped = kernel.stamp(from, Math.min(end, from + cut), TO_INDEXER_AT);
            const walkedTo = kernel.walk(from, end, most);
            const walked = kernel.walked();
            const ranTo = kernel.walkRun(from, end, from + cut);
            const ran = kernel.walked();
            return { end, stamped, walkedTo, walked, ranTo, ran, nextId: kernel.nextId() };
          });
          expect(results[0]).toEqual(results[1]);
          expectSameRing(pair);
          for (const { kernel } of pair) {
            kernel.unstamp(RING_AT + shift, results[0]?.end as number, TO_MUXER_AT);
          }
          expectSameRing(pair);
        },
      ),
      fuzzRuns(300),
    );
  });

  it('walks runs of one tag, up to a limit, like its twin', () => {
    fc.assert(
      fc.property(
        fc.array(anyFrame, { maxLength: 40 }),
        fc.nat({ max: 20 }),
        fc.nat({ max: RING_BYTES }),
        (frames, length, most) => {
          const alike = frames.map((frame, i) => ({ ...frame, tag: i < length ? 7 : frame.tag }));
          const results = makePair().map((side) => {
            const end = encodeAll(side, RING_AT, alike);
            const runs: number[] = [];
            for (let at = RING_AT; at < end; ) {
              at = side.kernel.walkRun(at, end, at + most);
              runs.push(at, side.kernel.walked());
            }
            return { end, runs };
          });
          expect(results[0]).toEqual(results[1]);
          const { end, runs = [] } = results[0] ?? {};
          if (frames.length > 0) expect(runs.at(-2)).toBe(end);
        },
      ),
      fuzzRuns(200),
    );
  });

  it('gives back exactly what it stamped, but for a source that was missing', () => {
    fc.assert(
      fc.property(fc.array(anyFrame, { maxLength: 40 }), (frames) => {
        const known = frames.map((frame) => ({
          ...frame,
          source: frame.source ?? { words: [1, 2, 3, 4] as const, isIPv4: false },
          tag: frame.tag === 0xffff ? 0xffff : frame.tag % 8,
        })) as Frame[];
        const [side] = makePair();
        const end = encodeAll(side, RING_AT, known);
        learnTags(side);
        const before = Buffer.from(side.bytes.subarray(RING_AT, end));
        side.kernel.setNextId(1);
        expect(side.kernel.stamp(RING_AT, end, TO_INDEXER_AT)).toBe(end);
        expect(side.kernel.nextId()).toBe(known.length + 1);
        expect(side.kernel.unstamp(RING_AT, end, TO_MUXER_AT)).toBe(end);
        expect(side.bytes.subarray(RING_AT, end).equals(before)).toBe(true);
      }),
      fuzzRuns(100),
    );
  });

  it('copies bodies of every length up to 2200 bytes, to every alignment', () => {
    const [side] = makePair();
    for (let length = 0; length <= 2200; length++) {
      const data = Buffer.alloc(length, 'abcdefghijklmnopqrstuvwxyz0123456789');
      const at = RING_AT + (length % 16);
      side.bytes.fill(0, at, at + 46 + length + 16);
      expect(layOne(side, at, plainFrame(data))).toBe(at + 46 + length);
      const body = side.bytes.subarray(at + 46, at + 46 + length);
      expect(body.equals(data), `${length} bytes`).toBe(true);
      expect(side.bytes[at + 46 + length], `behind ${length} bytes`).toBe(0);
    }
  });

  it('stops in front of fewer than four bytes at the end of the memory', () => {
    const [side] = makePair();
    const end = side.bytes.length;
    for (const gap of [0, 1, 2, 3]) {
      const at = end - gap - 146;
      layOne(side, at, plainFrame(Buffer.alloc(100, 'x')));
      learnTags(side);
      expect(side.kernel.stamp(at, end, TO_INDEXER_AT)).toBe(end - gap);
      expect(side.kernel.unstamp(at, end, TO_MUXER_AT)).toBe(end - gap);
      expect(side.kernel.walk(at, end, 9)).toBe(end - gap);
    }
  });

  it('splits lines, and lays them down with common values, like its twin', () => {
    const piece = fc.oneof(
      { weight: 3, arbitrary: fc.constantFrom('\n', '\r\n', '\r', '--', '-', '\n\n', '') },
      { weight: 3, arbitrary: fc.string({ maxLength: 40 }) },
      { weight: 1, arbitrary: fc.nat(300).map((length) => 'x'.repeat(length)) },
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 60 }),
        fc.constantFrom('\n', '--', '-\n', '\0'),
        fc.boolean(),
        fc.constantFrom(0, 1, 30, 1000),
        fc.constantFrom(1, 3, 1000),
        fc.nat({ max: 5000 }),
        fc.nat({ max: 20 }),
        (pieces, delimiter, keepsEmpty, mostBytes, most, room, tailBytes) => {
          const text = Buffer.from(pieces.join(''));
          const pair = makePair();
          const results = pair.map((side) => {
            const { kernel, bytes } = side;
            layOne(side, RING_AT, plainFrame(Buffer.alloc(0)));
            const delimiterAt = BODIES_AT + text.length;
            const tailAt = delimiterAt + 16;
            bytes.set(text, BODIES_AT);
            bytes.set(Buffer.from(delimiter), delimiterAt);
            bytes.fill('t', tailAt, tailAt + tailBytes);
            const lines = kernel.split(
              BODIES_AT,
              BODIES_AT + text.length,
              delimiterAt,
              delimiter.length,
              keepsEmpty,
              mostBytes,
              RECORDS_AT,
              most,
            );
            const splitEnd = kernel.splitEnd();
            const end = kernel.lay(RECORDS_AT, lines, RING_AT, RING_AT + room, tailAt, tailBytes);
            return { lines, splitEnd, end, laid: kernel.laid() };
          });
          expect(results[0]).toEqual(results[1]);
          expectSameRing(pair);
        },
      ),
      fuzzRuns(300),
    );
  });

  it('counts confirmations in order, and stops at any other bytes, like its twin', () => {
    const piece = fc.oneof(
      { weight: 8, arbitrary: fc.constant('due') },
      fc.constantFrom('again', 'ahead', 'pong', 'half'),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 60 }),
        fc.integer({ min: 1, max: 2 ** 51 }),
        (pieces, firstId) => {
          let id = BigInt(firstId);
          const parts = pieces.map((kind) => {
            const confirmation = Buffer.alloc(12);
            confirmation.writeUInt32LE(0xf6e0307e, 0);
            if (kind === 'pong') return Buffer.from('08007788', 'hex');
            if (kind === 'half') return confirmation.subarray(0, 7);
            const offset = { due: 0n, again: -1n, ahead: 1n }[kind] as bigint;
            confirmation.writeBigUInt64LE(id + offset, 4);
            if (kind === 'due') id++;
            return confirmation;
          });
          const message = Buffer.concat(parts);
          const counts = makePair().map(({ kernel, bytes }) => {
            bytes.set(message, BODIES_AT);
            return kernel.countConfirmations(BODIES_AT, BODIES_AT + message.length, firstId);
          });
          const due = pieces.findIndex((kind) => kind !== 'due');
          expect(counts).toEqual(Array(2).fill(due === -1 ? pieces.length : due));
        },
      ),
      fuzzRuns(200),
    );
  });
});
