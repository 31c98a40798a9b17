import type { CachedBlock, CachedPart, ToCache } from '../messages.js';

/** Reads one segment, part by part, whatever becomes of the thread meanwhile. */
export class CacheReader {
  readonly #segment: number;
  readonly #tell: (message: ToCache) => void;
  /** The sequence that the next block has, or one after it. */
  #from: number;
  #asked: Asked | undefined;
  #error: Error | undefined;

  constructor(segment: number, from: number, tell: (message: ToCache) => void) {
    this.#segment = segment;
    this.#from = from;
    this.#tell = tell;
  }

  /** @param ended called when no more is read */
  async *blocks(ended: () => void): AsyncGenerator<CachedBlock, void> {
    try {
      for (let isLast = false; !isLast; ) {
        const part = await this.#ask();
        isLast = part.isLast;
        for (const block of part.blocks) {
          this.#from = block.sequence + block.count;
          yield block;
        }
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

  give(part: CachedPart): void {
    this.#answer()?.resolve(part);
  }

  /** No more is read. */
  fail(error: Error): void {
    this.#error = error;
    this.#answer()?.reject(error);
  }

  #ask(): Promise<CachedPart> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    const promise = new Promise<CachedPart>((resolve, reject) => {
      this.#asked = { resolve, reject };
    });
    this.#tellFrom();
    return promise;
  }

  #tellFrom(): void {
    this.#tell({ kind: 'read', segment: this.#segment, from: this.#from });
  }

  #answer(): Asked | undefined {
    const asked = this.#asked;
    this.#asked = undefined;
    return asked;
  }
}

interface Asked {
  readonly resolve: (part: CachedPart) => void;
  readonly reject: (error: Error) => void;
}
