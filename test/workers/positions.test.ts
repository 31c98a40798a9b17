import { Source } from '@ringest/codec';
import {
  Control,
  createRing,
  kernelModule,
  LaneRing,
  ReadOutcome,
  Ring,
  RingReader,
  SharedMemoryPool,
  TO_INDEXER_AT,
} from '@ringest/workers/internal';
import { describe, expect, it } from 'vitest';

const SIZE = 65536;
const FRAME_BYTES = SIZE / 4;
const SOURCE = Source.parse('10.1.2.3');
const DATA = Buffer.alloc(FRAME_BYTES - 46, 'a');

/** A ring with its main thread's end, and the worker's end in the same thread. */
class BothEnds extends LaneRing {
  readonly reader: RingReader;

  constructor() {
    super(createRing(SIZE), new SharedMemoryPool());
    const { memory } = this.ring;
    Buffer.from(memory.buffer).writeUInt16LE(900, TO_INDEXER_AT);
    const ring = new Ring(memory, kernelModule());
    ring.kernel.setNextId(1);
    this.reader = new RingReader(ring);
  }

  protected post(): void {}

  write(): void {
    expect(this.writer.write(1, 2, 0, SOURCE, DATA, undefined)).toBe(true);
    this.commit();
  }

  /** What is committed is sent, and confirmed. */
  confirm(): void {
    while (this.reader.next(SIZE) === ReadOutcome.frames);
    this.reader.release(this.reader.sent);
  }

  /** Sends so many bytes through. */
  pass(bytes: number): void {
    for (const end = this.position + bytes; this.position < end; this.confirm()) {
      for (let i = 0; i < 4; i++) this.write();
    }
  }

  /** Where the worker has to wake the main thread; `undefined`: it need not. */
  get wakesAt(): number | undefined {
    const { control } = this.ring;
    const isArmed = Atomics.load(control, Control.wakeArmed) === 1;
    return isArmed ? Atomics.load(control, Control.wakeAt) : undefined;
  }
}

describe('a position of a ring', () => {
  it('is told from a later one when 2 GiB have passed, and 4', { timeout: 60_000 }, () => {
    const ring = new BothEnds();
    ring.write();
    const early = ring.position;
    expect(early).toBe(FRAME_BYTES);
    expect(ring.isReleased(early)).toBe(false);
    ring.confirm();
    expect(ring.isReleased(early)).toBe(true);

    for (const bytes of [2 ** 31, 2 ** 32]) {
      ring.pass(bytes - SIZE - ring.position);
      for (let i = 0; i < 12; i++) {
        const before = ring.position;
        ring.write();
        const after = ring.position;
        expect(after).toBe(before + FRAME_BYTES);
        const released = [early, before, after].map((at) => ring.isReleased(at));
        expect(released).toEqual([true, true, false]);
        ring.confirm();
        expect(ring.isReleased(after)).toBe(true);
      }
      expect(ring.position).toBeGreaterThan(bytes);
    }
    expect(ring.writtenBytes).toBe(ring.position);
  });

  it('wakes for the first due beyond 2 GiB, and for none that is released', {
    timeout: 60_000,
  }, () => {
    const ring = new BothEnds();
    ring.write();
    const early = ring.position;
    ring.confirm();
    ring.pass(2 ** 31 - SIZE);
    // On both sides of the place where a cursor's sign changes.
    for (let i = 0; i < 12; i++) {
      ring.write();
      const first = ring.position;
      const firstCursor = ring.writer.cursor;
      ring.write();
      expect(ring.wakeWhenReleased(early)).toBe(true);
      expect(ring.wakesAt).toBeUndefined();
      expect(ring.wakeWhenReleased(ring.position)).toBe(false);
      expect(ring.wakesAt).toBe(ring.writer.cursor);
      expect(ring.wakeWhenReleased(first)).toBe(false);
      expect(ring.wakesAt).toBe(firstCursor);
      expect(ring.wakeWhenReleased(ring.position)).toBe(false);
      expect(ring.wakesAt).toBe(firstCursor);
      ring.confirm();
      expect(ring.wakeWhenReleased(first)).toBe(true);
      // As the worker does once it has woken the main thread.
      Atomics.store(ring.reader.ring.control, Control.wakeArmed, 0);
    }
  });
});
