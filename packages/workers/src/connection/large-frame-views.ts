/**
 * The worker's view of frames too large for the ring, each in shared memory of its own that the
 * main thread made. They stay until the reference to them in the ring is released.
 */
export class LargeFrameViews {
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

  /** A frame is sent: the reference to it ends at cursor `end`. */
  sent(key: number, end: number): void {
    this.#sent.push({ key, end });
  }

  /** The main thread has taken a frame away, whose reference left the ring unsent. */
  moved(key: number): void {
    this.#frames.delete(key);
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

  /** The connection is lost: none of them counts as sent any more. */
  rewind(): void {
    this.#sent.length = 0;
  }
}
