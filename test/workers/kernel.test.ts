import {
  createLaneMemory,
  instantiateKernel,
  type Kernel,
  kernelModule,
  RING_AT,
  STAGING_AT,
  TO_INDEXER_AT,
  TO_MUXER_AT,
} from '@ringest/workers/internal';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FUZZ_TIMEOUT_MS, fuzzRuns } from '../support/vectors.js';
import { KernelTwin } from './kernel-twin.js';

const RING_BYTES = 65536;
const RING_END = RING_AT + RING_BYTES;

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

/** Encodes frames back to back from an address on. Returns where they end. */
function encodeAll({ kernel, bytes }: Side, from: number, frames: readonly Frame[]): number {
  let at = from;
  for (const { source, seconds, nanoseconds, tag, data, values } of frames) {
    if (source === null) kernel.setNoSource();
    else kernel.setSource(...source.words, source.isIPv4);
    const block = values === null ? Buffer.alloc(0) : Buffer.alloc(8 + values.length);
    if (values !== null) block.writeUInt32LE(block.length, 0);
    bytes.set(data, STAGING_AT);
    bytes.set(block, STAGING_AT + data.length);
    const lengthWord = values === null ? data.length : data.length | 0x40000000;
    const bodyBytes = data.length + block.length;
    kernel.encode(at, seconds, nanoseconds, tag, lengthWord, STAGING_AT, bodyBytes);
    at += 46 + bodyBytes;
  }
  return at;
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
            return { end, stamped, walkedTo, walked, nextId: kernel.nextId() };
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

  it('copies bodies of every length up to 1500 bytes, to every alignment', () => {
    const [side] = makePair();
    side.kernel.setNoSource();
    for (let length = 0; length <= 1500; length++) {
      const data = Buffer.alloc(length, 'abcdefghijklmnopqrstuvwxyz0123456789');
      side.bytes.set(data, STAGING_AT);
      const at = RING_AT + (length % 16);
      side.bytes.fill(0, at, at + 46 + length + 16);
      side.kernel.encode(at, 0, 0, 0, length, STAGING_AT, length);
      const body = side.bytes.subarray(at + 46, at + 46 + length);
      expect(body.equals(data), `${length} bytes`).toBe(true);
      expect(side.bytes[at + 46 + length], `behind ${length} bytes`).toBe(0);
    }
  });

  it('stops in front of fewer than four bytes at the end of the memory', () => {
    const [side] = makePair();
    side.kernel.setNoSource();
    for (const gap of [0, 1, 2, 3]) {
      const data = Buffer.alloc(100, 'x');
      const at = RING_END - gap - 146;
      side.bytes.set(data, STAGING_AT);
      side.kernel.encode(at, 0, 0, 0, 100, STAGING_AT, 100);
      learnTags(side);
      expect(side.kernel.stamp(at, RING_END, TO_INDEXER_AT)).toBe(RING_END - gap);
      expect(side.kernel.unstamp(at, RING_END, TO_MUXER_AT)).toBe(RING_END - gap);
      expect(side.kernel.walk(at, RING_END, 9)).toBe(RING_END - gap);
    }
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
            bytes.set(message, STAGING_AT);
            return kernel.countConfirmations(STAGING_AT, STAGING_AT + message.length, firstId);
          });
          const due = pieces.findIndex((kind) => kind !== 'due');
          expect(counts).toEqual(Array(2).fill(due === -1 ? pieces.length : due));
        },
      ),
      fuzzRuns(200),
    );
  });
});
