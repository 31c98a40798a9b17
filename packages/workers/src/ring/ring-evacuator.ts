import type { MuxerTag } from '@ringest/codec';
import { frameSize } from '@ringest/codec';
import { frameTag } from './frame.js';
import { Control, RingOwner } from './memory-layout.js';
import { LARGE_BYTES, type Ring, recordKind } from './ring.js';

/** The oldest record of a ring: a frame in the ring's own memory, or the key of a large one. */
export type RingRecord =
  | { readonly kind: 'frame'; readonly frame: Buffer; readonly tag: MuxerTag }
  | { readonly kind: 'large'; readonly key: number; readonly tag: MuxerTag };

/**
 * Takes frames out of a ring whose lane is lost, on the main thread, oldest first. It works only between
 * `begin` and `end`, while the main thread owns the ring.
 */
export class RingEvacuator {
  readonly #ring: Ring;
  #headBytes = 0;

  constructor(ring: Ring) {
    this.#ring = ring;
  }

  /**
   * Takes the ring, if it has no owner.
   * @returns false when the worker has it
   */
  begin(): boolean {
    const { control } = this.#ring;
    const { nobody, main } = RingOwner;
    return Atomics.compareExchange(control, Control.ringOwner, nobody, main) === nobody;
  }

  /** Whether the worker waits for the ring. */
  get isReclaimed(): boolean {
    return Atomics.load(this.#ring.control, Control.ringWanted) === 1;
  }

  /** The oldest record; `undefined`: there is none. It stays until `pass` is called. */
  head(): RingRecord | undefined {
    const ring = this.#ring;
    const { control } = ring;
    const written = Atomics.load(control, Control.written);
    for (;;) {
      const cursor = Atomics.load(control, Control.released);
      if (cursor === written) return undefined;
      const at = ring.address(cursor);
      switch (recordKind(ring, cursor)) {
        case 'pad':
          this.#moveTo((cursor + ring.toEnd(cursor)) | 0);
          break;
        case 'large':
          this.#headBytes = LARGE_BYTES;
          return {
            kind: 'large',
            key: ring.view.getUint32(at + 4, true),
            tag: ring.view.getUint32(at + 8, true) as MuxerTag,
          };
        case 'frame': {
          this.#headBytes = frameSize(ring.bytes, at, ring.toEnd(cursor));
          const frame = ring.bytes.subarray(at, at + this.#headBytes);
          return { kind: 'frame', frame, tag: frameTag(frame) };
        }
      }
    }
  }

  /** Removes the oldest record, which is in another ring now. */
  pass(): void {
    const cursor = Atomics.load(this.#ring.control, Control.released);
    this.#moveTo((cursor + this.#headBytes) | 0);
  }

  /**
   * Gives the ring back.
   * @returns whether the worker waits for it, and needs the message `ringFree`
   */
  end(): boolean {
    const { control } = this.#ring;
    Atomics.store(control, Control.ringOwner, RingOwner.nobody);
    return Atomics.compareExchange(control, Control.ringWanted, 1, 0) === 1;
  }

  #moveTo(cursor: number): void {
    Atomics.store(this.#ring.control, Control.released, cursor);
    Atomics.store(this.#ring.control, Control.sent, cursor);
  }
}
