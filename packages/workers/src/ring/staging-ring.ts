import { Control } from './memory-layout.js';
import { createRing } from './ring.js';
import { RingWriter, type WriterMark } from './ring-writer.js';

/** More frames than any memory holds. */
const MAX_FRAMES = 0xffffffff;

/** A ring without a reader. Frames are encoded in it as in the ring of a lane, and then copied out. */
export class StagingRing {
  readonly writer: RingWriter;
  #mark: WriterMark;

  /** @param ringBytes a power of two, 64 KiB to 1 GiB */
  constructor(ringBytes: number) {
    this.writer = new RingWriter(createRing(ringBytes));
    this.#mark = this.writer.mark();
  }

  /** Entries that were written since `clear`. */
  get entries(): number {
    return this.writer.entries - this.#mark.entries;
  }

  /** The frames that were written since `clear`, back to back, in some views. Void after `clear`. */
  frames(): Buffer[] {
    return this.writer.since(this.#mark);
  }

  /** As `frames`, with the number of entries in each view. */
  groups(): { readonly frames: Buffer; readonly entries: number }[] {
    const { kernel } = this.writer.ring;
    return this.frames().map((frames) => {
      const at = frames.byteOffset;
      kernel.walk(at, at + frames.length, MAX_FRAMES);
      return { frames, entries: kernel.walked() };
    });
  }

  /** Removes all frames. */
  clear(): void {
    const { ring } = this.writer;
    this.writer.commit();
    Atomics.store(ring.control, Control.released, this.writer.cursor);
    this.#mark = this.writer.mark();
  }
}
