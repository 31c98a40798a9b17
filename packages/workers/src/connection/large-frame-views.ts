/**
 * The large frames of a lane, in the worker: views of the shared memory that the main thread has
 * allocated. A view stays until the reference to the frame in the ring is released.
 */
export class LargeFrameViews {
  readonly #frames = new Map<number, Buffer>();
  /** Keys of the frames that were sent, and where their references end in the ring; oldest first. */
  readonly #sent: { readonly key: number; readonly end: number }[] = [];
  readonly #onReleased: () => void;

  /** @param onReleased called for each frame that is dropped */
  constructor(onReleased: () => void) {
    this.#onReleased = onReleased;
  }

  add(key: number, frame: Buffer): void {
    this.#frames.set(key, frame);
  }

  get(key: number): Buffer | undefined {
    return this.#frames.get(key);
  }

  /** A frame is sent: the reference to it ends at cursor `end`. */
  sent(key: number, end: number): void {
    this.#sent.push({ key, end });
  }

  /** The main thread has moved a frame to another lane, unsent. */
  moved(key: number): void {
    this.#frames.delete(key);
  }

  /** Drops the frames whose references end at or before the cursor. */
  releaseUpTo(cursor: number): void {
    for (let first = this.#sent[0]; first !== undefined; first = this.#sent[0]) {
      if (((cursor - first.end) | 0) < 0) return;
      this.#sent.shift();
      this.#frames.delete(first.key);
      this.#onReleased();
    }
  }

  /** The connection is lost: no frame counts as sent any more. */
  rewind(): void {
    this.#sent.length = 0;
  }
}
