import {
  FLAG_IPV4,
  FRAME_ID_OFFSET,
  FRAME_LENGTH_OFFSET,
  FRAME_SOURCE_OFFSET,
  FRAME_TAG_OFFSET,
  type Source,
} from '@ringest/codec';
import { TO_INDEXER_AT } from './boundary.js';
import { isWithoutSource } from './frame.js';
import type { Ring } from './ring.js';

/**
 * The worker's view of frames too large for the ring, each in shared memory of its own that the
 * main thread made. They stay until the reference to them in the ring is released.
 */
export class LargeFrames {
  readonly #frames = new Map<number, Buffer>();
  /** Keys of those that were sent and where their references end, oldest first. */
  readonly #sent: { readonly key: number; readonly end: number }[] = [];
  readonly #released: () => void;

  /** @param released is told when one of them is dropped */
  constructor(released: () => void) {
    this.#released = released;
  }

  add(key: number, frame: Buffer): void {
    this.#frames.set(key, frame);
  }

  get(key: number): Buffer | undefined {
    return this.#frames.get(key);
  }

  /** Makes a frame ready to be sent: the reference to it ends at cursor `end`. */
  stamp(key: number, muxerTag: number, id: number, local: Source, ring: Ring, end: number): void {
    const frame = this.#frames.get(key) as Buffer;
    if (isWithoutSource(frame)) {
      const word = frame.readUInt32LE(FRAME_LENGTH_OFFSET);
      frame.writeUInt32LE(local.isIPv4 ? (word | FLAG_IPV4) >>> 0 : word, FRAME_LENGTH_OFFSET);
      frame.set(local.bytes, FRAME_SOURCE_OFFSET);
    }
    frame.writeUInt16LE(ring.view.getUint16(TO_INDEXER_AT + 2 * muxerTag, true), FRAME_TAG_OFFSET);
    frame.writeUInt32LE(id % 2 ** 32, FRAME_ID_OFFSET);
    frame.writeUInt32LE(Math.floor(id / 2 ** 32), FRAME_ID_OFFSET + 4);
    this.#sent.push({ key, end });
  }

  /** Drops those whose references lie before the cursor. */
  releaseUpTo(cursor: number): void {
    for (let first = this.#sent[0]; first !== undefined; first = this.#sent[0]) {
      if (((cursor - first.end) | 0) < 0) return;
      this.#sent.shift();
      this.#frames.delete(first.key);
      this.#released();
    }
  }

  /** The connection is lost: none of them is sent any more. */
  rewind(): void {
    this.#sent.length = 0;
  }
}
