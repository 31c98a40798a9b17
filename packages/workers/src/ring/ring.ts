import { Command } from '@ringest/codec';
import { RingCorruptError, RingSizeError } from '../errors.js';
import { reserve } from '../system-limit.js';
import { instantiateKernel, type Kernel, kernelModule } from './kernel.js';
import {
  BLOCKS_AT,
  CONTROL_AT,
  CONTROL_WORDS,
  Control,
  SLOTS_AT,
  TO_INDEXER_AT,
  TO_MUXER_AT,
  UNKNOWN_TAG,
} from './memory-layout.js';

/**
 * The ring: frames on their way from the main thread to one indexer, and the only place where they
 * are kept until it confirmed them.
 *
 * ```
 *            released          sent           written        cursor
 *   ──────────┼─────────────────┼────────────────┼──────────────┼────────────
 *     free    │  with indexer   │  for worker    │  not visible │   free
 *             │  (resend these) │  to stamp      │  yet         │
 *       ┊         ┊         ┊         ┊         ┊         ┊         ┊
 *     slot 4    slot 5    slot 6    slot 7    slot 0    slot 1    slot 2
 *               block 3   block 0   block 2   block 1
 * ```
 *
 * Invariants
 * - Cursors count bytes modulo 2^32 and never go back, but for `sent`, which a lost connection
 *   takes back to `released`. `released ≤ sent ≤ written ≤ released + size`, as distances.
 * - `written` is stored by the producer only; `sent` and `released` by the ring's owner only (see
 *   `RingOwner`): the worker while it has a connection, else the main thread when it takes frames out.
 * - No frame has a stamp while nobody owns the ring.
 * - A slot is a range of cursors as long as a block. The table of slots says which block of memory is
 *   there. The producer gives a slot a block before it writes to it, and takes the block back once
 *   `released` has passed the slot. It gives out the block that came back last, which is still in the
 *   processor's cache: the memory in use is as small as the confirmations allow.
 * - The bytes from `released` to `written` are whole records, back to back. A record is a frame, a
 *   reference to a large frame that is kept outside (`LARGE`), or a pad.
 * - No record is split by the end of a slot. What does not fit there is preceded by a pad to the
 *   end: the word `PAD`, or fewer than four bytes of anything.
 * - A frame takes at most a block, and a block at most a quarter of the ring, so that a pad never
 *   starves it.
 * - A frame behind `sent` has id 0, or all ones when it has no source yet; one before `sent` has
 *   the tag and id of the current connection. `unstamp` turns the second kind into the first.
 *
 * Cursors are published with `Atomics`, which orders them after the bytes and the slots they cover:
 * that is all the synchronisation there is.
 */
export class Ring {
  /** Bytes; a power of two. */
  readonly size: number;
  /** Bytes; a power of two. */
  readonly blockBytes: number;
  readonly memory: WebAssembly.Memory;
  readonly control: Int32Array;
  /** The block of each slot. */
  readonly slots: Uint16Array;
  readonly kernel: Kernel;
  /** All of the lane's memory; records are read and written by absolute address. */
  readonly bytes: Buffer;
  readonly view: DataView;
  readonly #blockMask: number;
  readonly #blockShift: number;
  readonly #slotMask: number;

  constructor(memory: WebAssembly.Memory, module: WebAssembly.Module) {
    this.memory = memory;
    this.kernel = instantiateKernel(module, memory);
    this.control = new Int32Array(memory.buffer, CONTROL_AT, CONTROL_WORDS);
    this.bytes = Buffer.from(memory.buffer);
    this.view = new DataView(memory.buffer);
    this.size = Atomics.load(this.control, Control.ringBytes);
    this.blockBytes = ringBlockBytes(this.size);
    this.#blockMask = this.blockBytes - 1;
    this.#blockShift = Math.log2(this.blockBytes);
    // A ring that is full and begins within a slot reaches into one more than it has.
    this.slots = new Uint16Array(memory.buffer, SLOTS_AT, (2 * this.size) / this.blockBytes);
    this.#slotMask = this.slots.length - 1;
  }

  /** The slot of a cursor. */
  slot(cursor: number): number {
    return (cursor >>> this.#blockShift) & this.#slotMask;
  }

  /** The address of the block at a cursor. */
  blockAddress(cursor: number): number {
    return BLOCKS_AT + ((this.slots[this.slot(cursor)] as number) << this.#blockShift);
  }

  /** The address of a cursor's byte. */
  address(cursor: number): number {
    return this.blockAddress(cursor) + (cursor & this.#blockMask);
  }

  /** Bytes from a cursor to the end of its slot. */
  toEnd(cursor: number): number {
    return this.blockBytes - (cursor & this.#blockMask);
  }
}

/** The first word of a pad; four bytes or more before the end of a slot. */
export const PAD = 0;

/**
 * The first word of a reference to a frame that is larger than the ring takes, and that is kept in
 * shared memory of its own: `u32 LARGE · u32 key · u32 muxer tag · u32 zero`.
 */
export const LARGE = 0x4752414c;
export const LARGE_BYTES = 16;

/** The smallest ring, in bytes. */
export const MIN_RING_BYTES = 65536;
/** The largest ring, in bytes. */
export const MAX_RING_BYTES = 2 ** 30;

const MIN_BLOCK_BYTES = 16_384;
const MAX_BLOCK_BYTES = 262_144;

/** The size of the blocks of a ring, and so of the longest frame that it takes in. */
export function ringBlockBytes(ringBytes: number): number {
  return Math.min(Math.max(ringBytes / 8, MIN_BLOCK_BYTES), MAX_BLOCK_BYTES);
}

/**
 * A lane's memory, with an empty ring and empty tag tables.
 * @param ringBytes a power of two, 64 KiB to 1 GiB
 * @throws {RingSizeError}
 * @throws {SystemLimitError}
 */
export function createLaneMemory(ringBytes: number): WebAssembly.Memory {
  const isPowerOfTwo = Number.isInteger(Math.log2(ringBytes));
  if (!isPowerOfTwo || ringBytes < MIN_RING_BYTES || ringBytes > MAX_RING_BYTES) {
    throw new RingSizeError(ringBytes);
  }
  const pages = Math.ceil((BLOCKS_AT + ringBytes + ringBlockBytes(ringBytes)) / 65536);
  const memory = reserve(
    'addressSpace',
    `a lane with a ring of ${ringBytes} bytes`,
    () => new WebAssembly.Memory({ initial: pages, maximum: pages, shared: true }),
  );
  new Uint16Array(memory.buffer, TO_INDEXER_AT, 65536).fill(UNKNOWN_TAG);
  new Uint16Array(memory.buffer, TO_MUXER_AT, 65536).fill(UNKNOWN_TAG);
  new Int32Array(memory.buffer, CONTROL_AT, CONTROL_WORDS)[Control.ringBytes] = ringBytes;
  return memory;
}

/** What another thread needs to use a ring; it can be posted. */
export interface SharedRing {
  readonly memory: WebAssembly.Memory;
  readonly module: WebAssembly.Module;
}

/**
 * An empty ring in memory of its own.
 * @param ringBytes a power of two, 64 KiB to 1 GiB
 * @throws {RingSizeError}
 * @throws {SystemLimitError}
 */
export function createRing(ringBytes: number): Ring {
  return new Ring(createLaneMemory(ringBytes), kernelModule());
}

/**
 * Disarms the `wake` that is due once `released` is where it is now.
 * @returns whether it was armed and due: then the thread that armed it must get the message
 */
export function takeWake({ control }: Ring, released: number): boolean {
  if (Atomics.load(control, Control.wakeArmed) === 0) return false;
  const left = (Atomics.load(control, Control.wakeAt) - released) | 0;
  return left <= 0 && Atomics.compareExchange(control, Control.wakeArmed, 1, 0) === 1;
}

/** The distance between two cursors, `from` being the older one. */
export function distance(from: number, to: number): number {
  return (to - from) >>> 0;
}

/** What stands at a cursor. */
export type RecordKind = 'frame' | 'large' | 'pad';

export function recordKind(ring: Ring, cursor: number): RecordKind {
  if (ring.toEnd(cursor) < 4) return 'pad';
  const word = ring.view.getUint32(ring.address(cursor), true);
  if (word === Command.newEntry) return 'frame';
  if (word === LARGE) return 'large';
  if (word === PAD) return 'pad';
  throw new RingCorruptError(word, cursor);
}

/** A position in the ring, and what was passed to get there. */
export interface Passed {
  readonly cursor: number;
  readonly entries: number;
  /** Of frames in the ring: a large one is not there. */
  readonly bytes: number;
}

/**
 * Passes at most `most` entries from a cursor on.
 * @throws {RingCorruptError} when the bytes are not records that end at `to`
 */
export function passEntries(ring: Ring, from: number, to: number, most: number): Passed {
  const { kernel } = ring;
  let cursor = from;
  let entries = 0;
  let bytes = 0;
  while (cursor !== to && entries < most) {
    switch (recordKind(ring, cursor)) {
      case 'pad':
        cursor = cursorBehind(ring, cursor, ring.toEnd(cursor), to);
        break;
      case 'large':
        cursor = cursorBehind(ring, cursor, LARGE_BYTES, to);
        entries++;
        break;
      case 'frame': {
        const at = ring.address(cursor);
        const walked = kernel.walk(at, framesEnd(ring, cursor, to), most - entries) - at;
        cursor = cursorBehind(ring, cursor, walked, to);
        entries += kernel.walked();
        bytes += walked;
      }
    }
  }
  return { cursor, entries, bytes };
}

/**
 * Takes tag and id of every stamped frame of a range back; see `Kernel.unstamp`.
 * @throws {RingCorruptError} when the bytes are not records that end at `to`
 */
export function unstampFrames(ring: Ring, from: number, to: number): void {
  let cursor = from;
  while (cursor !== to) {
    switch (recordKind(ring, cursor)) {
      case 'pad':
        cursor = cursorBehind(ring, cursor, ring.toEnd(cursor), to);
        break;
      case 'large':
        cursor = cursorBehind(ring, cursor, LARGE_BYTES, to);
        break;
      case 'frame': {
        const at = ring.address(cursor);
        const end = ring.kernel.unstamp(at, framesEnd(ring, cursor, to), TO_MUXER_AT);
        cursor = cursorBehind(ring, cursor, end - at, to);
      }
    }
  }
}

/** The address where frames at a cursor end at the latest. */
function framesEnd(ring: Ring, cursor: number, to: number): number {
  return ring.address(cursor) + Math.min(distance(cursor, to), ring.toEnd(cursor));
}

/**
 * The cursor behind a record, or behind frames; no bytes: the kernel has found no whole frame.
 * @throws {RingCorruptError} they do not end at or before `to`
 */
export function cursorBehind(ring: Ring, cursor: number, bytes: number, to: number): number {
  if (bytes > 0 && bytes <= distance(cursor, to)) return (cursor + bytes) | 0;
  const word = ring.toEnd(cursor) < 4 ? PAD : ring.view.getUint32(ring.address(cursor), true);
  throw new RingCorruptError(word, cursor);
}
