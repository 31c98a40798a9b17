import type { CachedBlock, ToCache } from './cache-boundary.js';

/** `undefined`: there is no other block. */
type Answer = CachedBlock | undefined;

/** Reads one segment, a block at a time, whatever becomes of the thread meanwhile. */
export class CacheReader {
  readonly #segment: number;
  readonly #tell: (message: ToCache) => void;
  /** The sequence that the next block has, or one after it. */
  #from = 0;
  #asked: Asked<Answer> | undefined;
  #error: Error | undefined;

  constructor(segment: number, tell: (message: ToCache) => void) {
    this.#segment = segment;
    this.#tell = tell;
  }

  /** @param ended called when no more is read */
  async *blocks(ended: () => void): AsyncGenerator<CachedBlock, void> {
    try {
      for (;;) {
        const block = await this.#ask();
        if (block === undefined) return;
        this.#from = block.sequence + block.count;
        yield block;
      }
    } finally {
      ended();
      this.#tell({ kind: 'stop', segment: this.#segment });
    }
  }

  /** Asks another thread what the last one did not answer. */
  askAgain(): void {
    if (this.#asked !== undefined) this.#tellFrom();
  }

  give(block: CachedBlock): void {
    this.#answer()?.resolve(block);
  }

  /** The segment is read to its end, or no further. */
  end(error: Error | undefined): void {
    if (error === undefined) this.#answer()?.resolve(undefined);
    else this.fail(error);
  }

  /** No more is read. */
  fail(error: Error): void {
    this.#error = error;
    this.#answer()?.reject(error);
  }

  #ask(): Promise<Answer> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    const promise = new Promise<Answer>((resolve, reject) => {
      this.#asked = { resolve, reject };
    });
    this.#tellFrom();
    return promise;
  }

  #tellFrom(): void {
    this.#tell({ kind: 'read', segment: this.#segment, from: this.#from });
  }

  #answer(): Asked<Answer> | undefined {
    const asked = this.#asked;
    this.#asked = undefined;
    return asked;
  }
}

interface Asked<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}
