import type { MuxerTag } from '@ringest/codec';
import { frameTag } from './frame.js';
import { Control } from './memory-layout.js';
import { cursorBehind, distance, LARGE_BYTES, type Ring, recordKind } from './ring.js';

/** What is at the head of a ring: frames of one tag in the ring's own memory, or the key of a large one. */
export type FrameRun =
  | {
      readonly kind: 'frames';
      readonly frames: Buffer;
      readonly entries: number;
      readonly tag: MuxerTag;
    }
  | { readonly kind: 'large'; readonly key: number; readonly tag: MuxerTag };

/**
 * The consumer's side of a ring whose frames are copied on as they are: it takes many of them at a time.
 * Until it looks for the first time, commits ring no doorbell.
 */
export class RunReader {
  readonly #ring: Ring;
  #cursor: number;
  #position = 0;
  #headBytes = 0;

  /** @param ring an empty one */
  constructor(ring: Ring) {
    this.#ring = ring;
    this.#cursor = Atomics.load(ring.control, Control.released);
  }

  /** How far the ring is released: bytes since the start, pads included. It never wraps. */
  get position(): number {
    return this.#position;
  }

  /** How far the ring is committed, as `position`. */
  get committed(): number {
    return this.#position + this.#available();
  }

  /** The cursor of `position`. */
  get released(): number {
    return this.#cursor;
  }

  /**
   * Finds the frames at the head that have one tag, in `most` bytes, or one that is longer.
   * @returns `undefined`: nothing is committed
   * @throws {RingCorruptError} the bytes are not records that end within what is committed
   */
  head(most: number): FrameRun | undefined {
    const ring = this.#ring;
    for (;;) {
      const cursor = this.#cursor;
      const available = this.#available();
      if (available === 0) return undefined;
      const toEnd = ring.toEnd(cursor);
      const inSlot = Math.min(available, toEnd);
      const to = (cursor + inSlot) | 0;
      const at = ring.address(cursor);
      switch (recordKind(ring, cursor)) {
        case 'pad':
          cursorBehind(ring, cursor, toEnd, to);
          this.#advance(toEnd);
          break;
        case 'large':
          cursorBehind(ring, cursor, LARGE_BYTES, to);
          this.#headBytes = LARGE_BYTES;
          return {
            kind: 'large',
            key: ring.view.getUint32(at + 4, true),
            tag: ring.view.getUint32(at + 8, true) as MuxerTag,
          };
        case 'frame': {
          const end = ring.kernel.walkRun(at, at + inSlot, at + most);
          cursorBehind(ring, cursor, end - at, to);
          this.#headBytes = end - at;
          const frames = ring.bytes.subarray(at, end);
          return { kind: 'frames', frames, entries: ring.kernel.walked(), tag: frameTag(frames) };
        }
      }
    }
  }

  /** Releases what `head` has found: its memory is the producer's again. */
  pass(): void {
    this.#advance(this.#headBytes);
  }

  /**
   * Asks for a doorbell at the next commit.
   * @returns false when something is committed already; none may ring then
   */
  sleep(): boolean {
    const { control } = this.#ring;
    Atomics.store(control, Control.asleep, 1);
    return this.#available() === 0 || Atomics.compareExchange(control, Control.asleep, 1, 0) === 0;
  }

  #available(): number {
    return distance(this.#cursor, Atomics.load(this.#ring.control, Control.written));
  }

  #advance(bytes: number): void {
    const { control } = this.#ring;
    this.#cursor = (this.#cursor + bytes) | 0;
    this.#position += bytes;
    Atomics.store(control, Control.sent, this.#cursor);
    Atomics.store(control, Control.released, this.#cursor);
  }
}
