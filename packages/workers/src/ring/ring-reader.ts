import { FRAME_TAG_OFFSET, type MuxerTag } from '@ringest/codec';
import { Control, TO_INDEXER_AT } from './memory-layout.js';
import {
  distance,
  LARGE_BYTES,
  type Passed,
  passEntries,
  type Ring,
  recordKind,
  unstampFrames,
} from './ring.js';

/** What `RingReader.take` found at the head of the ring. */
export const ReadOutcome = {
  /** Nothing is committed. */
  nothing: 0,
  /** Stamped frames stand at `address`, `bytes` long. */
  frames: 1,
  /** A reference to a large frame: `largeKey`, `largeTag`. */
  large: 2,
  /** One stamped frame with enumerated values, for an indexer that takes none, at `address`. */
  valued: 3,
  /** A frame whose tag (`unknownTag`) the indexer does not know yet; all before it was taken. */
  unknownTag: 4,
} as const;
export type ReadOutcome = (typeof ReadOutcome)[keyof typeof ReadOutcome];

/** What a rewind has passed: what was confirmed is released, the rest will be sent again. */
export interface Rewound {
  readonly confirmed: Passed;
  readonly again: Passed;
}

/**
 * The consumer's side of a ring: stamps committed frames in place and hands out the ring's own
 * bytes, and gives room back once it is confirmed.
 */
export class RingReader {
  readonly ring: Ring;
  /** The address and the length of the frames taken last. */
  address = 0;
  bytes = 0;
  largeKey = 0;
  largeTag = 0 as MuxerTag;
  unknownTag = 0;
  #sent: number;
  #released: number;
  #takesValues = true;

  constructor(ring: Ring) {
    this.ring = ring;
    this.#sent = Atomics.load(ring.control, Control.sent);
    this.#released = Atomics.load(ring.control, Control.released);
  }

  /** The ring is this reader's again: the main thread may have taken records out of it. */
  resume(): void {
    this.#sent = Atomics.load(this.ring.control, Control.sent);
    this.#released = Atomics.load(this.ring.control, Control.released);
  }

  /** Whether the indexer at the other end takes enumerated values. */
  setTakesValues(takes: boolean): void {
    this.#takesValues = takes;
    this.ring.kernel.setTakesValues(takes);
  }

  /** Behind the last record taken. */
  get sent(): number {
    return this.#sent;
  }

  get released(): number {
    return this.#released;
  }

  /** Bytes taken and not yet confirmed. */
  get unconfirmed(): number {
    return distance(this.#released, this.#sent);
  }

  /** Bytes committed and not yet taken. */
  available(): number {
    return distance(this.#sent, Atomics.load(this.ring.control, Control.written));
  }

  /** Stamps and takes the frames at the head, about `most` bytes of them (the last may go beyond). */
  next(most: number): ReadOutcome {
    const { ring } = this;
    let available = this.available();
    while (available > 0) {
      const toEnd = ring.toEnd(this.#sent);
      const at = ring.address(this.#sent);
      switch (recordKind(ring, this.#sent)) {
        case 'pad':
          this.#advance(toEnd);
          available -= toEnd;
          break;
        case 'large':
          this.largeKey = ring.view.getUint32(at + 4, true);
          this.largeTag = ring.view.getUint32(at + 8, true) as MuxerTag;
          return ReadOutcome.large;
        case 'frame': {
          const end = at + Math.min(available, toEnd, most);
          this.address = at;
          this.bytes = ring.kernel.stamp(at, end, TO_INDEXER_AT) - at;
          if (this.bytes > 0) {
            this.#advance(this.bytes);
            return ReadOutcome.frames;
          }
          return this.#takeValued(at);
        }
      }
    }
    return ReadOutcome.nothing;
  }

  /** Stamps the one frame at hand, whatever it carries. */
  #takeValued(at: number): ReadOutcome {
    const { kernel, view } = this.ring;
    kernel.setTakesValues(true);
    this.bytes = kernel.stamp(at, at + 4, TO_INDEXER_AT) - at;
    kernel.setTakesValues(this.#takesValues);
    if (this.bytes === 0) {
      this.unknownTag = view.getUint16(at + FRAME_TAG_OFFSET, true);
      return ReadOutcome.unknownTag;
    }
    this.#advance(this.bytes);
    return ReadOutcome.valued;
  }

  /** Passes the reference that `take` returned as `ReadOutcome.large`. */
  passLarge(): void {
    this.#advance(LARGE_BYTES);
  }

  /** Everything before the cursor is confirmed. */
  release(cursor: number): void {
    this.#released = cursor;
    Atomics.store(this.ring.control, Control.released, cursor);
  }

  /**
   * After the connection is lost: releases the `confirmed` oldest entries, takes the stamps of the
   * rest back and goes back to them.
   */
  rewind(confirmed: number): Rewound {
    const { ring } = this;
    const written = Atomics.load(ring.control, Control.written);
    const passed = passEntries(ring, this.#released, this.#sent, confirmed);
    this.release(passed.cursor);
    const again = passEntries(ring, this.#released, this.#sent, Number.MAX_SAFE_INTEGER);
    unstampFrames(ring, this.#released, written);
    this.#sent = this.#released;
    Atomics.store(ring.control, Control.sent, this.#sent);
    return { confirmed: passed, again };
  }

  #advance(bytes: number): void {
    this.#sent = (this.#sent + bytes) | 0;
    Atomics.store(this.ring.control, Control.sent, this.#sent);
  }
}
