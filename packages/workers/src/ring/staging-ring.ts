import { kernelModule } from './kernel.js';
import { Control } from './memory-layout.js';
import { createLaneMemory, Ring } from './ring.js';
import { RingWriter, type WriterMark } from './ring-writer.js';

/** A ring without a reader: frames are encoded in it as in a lane's, to be copied from it. */
export class StagingRing {
  readonly writer: RingWriter;
  #mark: WriterMark;

  /** @param ringBytes a power of two, 64 KiB to 1 GiB */
  constructor(ringBytes: number) {
    this.writer = new RingWriter(new Ring(createLaneMemory(ringBytes), kernelModule()));
    this.#mark = this.writer.mark();
  }

  /** Entries that were written since `clear`. */
  get entries(): number {
    return this.writer.entries - this.#mark.entries;
  }

  /** Their frames, back to back, in one view or two; void after `clear`. */
  frames(): Buffer[] {
    return this.writer.since(this.#mark);
  }

  /** Forgets what was written: all of the ring is free. */
  clear(): void {
    const { ring } = this.writer;
    this.writer.commit();
    Atomics.store(ring.control, Control.released, this.writer.cursor);
    this.#mark = this.writer.mark();
  }
}
