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

/** What `RingReader.next` has found at the head of the ring. */
export const ReadOutcome = {
  /** Nothing is committed. */
  nothing: 0,
  /** Stamped frames at `address`, `bytes` long. */
  frames: 1,
  /** A reference to a large frame: `largeKey`, `largeTag`. */
  large: 2,
  /** One stamped frame at `address`, with enumerated values that the indexer does not know. */
  valued: 3,
  /** A frame whose tag (`unknownTag`) the indexer does not know yet. */
  unknownTag: 4,
} as const;
export type ReadOutcome = (typeof ReadOutcome)[keyof typeof ReadOutcome];

/** The result of a rewind: what was confirmed is released, the rest will be sent again. */
export interface Rewound {
  readonly confirmed: Passed;
  readonly again: Passed;
}

/**
 * The consumer's side of a ring. It stamps committed frames in place, hands out the ring's own bytes,
 * and releases room once entries are confirmed.
 */
export class RingReader {
  readonly ring: Ring;
  /** The address of the frames that were read last. */
  address = 0;
  /** The length of the frames that were read last. */
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

  /** Goes on after the main thread has had the ring: it may have taken records out. */
  resume(): void {
    this.#sent = Atomics.load(this.ring.control, Control.sent);
    this.#released = Atomics.load(this.ring.control, Control.released);
  }

  /** Sets whether the indexer knows enumerated values. */
  setTakesValues(takes: boolean): void {
    this.#takesValues = takes;
    this.ring.kernel.setTakesValues(takes);
  }

  /** The cursor after the last record that was read. */
  get sent(): number {
    return this.#sent;
  }

  get released(): number {
    return this.#released;
  }

  /** Bytes read and not yet released. */
  get unconfirmed(): number {
    return distance(this.#released, this.#sent);
  }

  /** Bytes committed and not yet read. */
  available(): number {
    return distance(this.#sent, Atomics.load(this.ring.control, Control.written));
  }

  /** Reads and stamps the frames at the head, about `most` bytes; the last frame may exceed that. */
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

  /** Stamps the frame at the head, with or without values. */
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

  /** Skips the reference that `next` has returned as `ReadOutcome.large`. */
  passLarge(): void {
    this.#advance(LARGE_BYTES);
  }

  /** Releases everything before the cursor. */
  release(cursor: number): void {
    this.#released = cursor;
    Atomics.store(this.ring.control, Control.released, cursor);
  }

  /**
   * Goes back after a loss: releases the `confirmed` oldest entries, and removes the stamps of the
   * others, which will be read again.
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
