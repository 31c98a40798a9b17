import type { CachedBlock, CachedPart, ToCache } from '../messages.js';

/** Reads one segment, part by part. It goes on when the thread dies and the next one comes. */
export class CacheReader {
  readonly #segment: number;
  readonly #send: (message: ToCache) => void;
  /** The sequence where the next part begins. */
  #from: number;
  #asked: Asked | undefined;
  #error: Error | undefined;

  constructor(segment: number, from: number, send: (message: ToCache) => void) {
    this.#segment = segment;
    this.#from = from;
    this.#send = send;
  }

  /** @param ended called once, when no more is read */
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
      this.#send({ kind: 'stop', segment: this.#segment });
    }
  }

  /** The request that has no answer yet, for the next thread. */
  get request(): ToCache | undefined {
    return this.#asked && this.#nextRequest();
  }

  /** Takes the answer to the request. */
  give(part: CachedPart): void {
    this.#answer()?.resolve(part);
  }

  /** Ends reading with an error. */
  fail(error: Error): void {
    this.#error = error;
    this.#answer()?.reject(error);
  }

  #ask(): Promise<CachedPart> {
    if (this.#error !== undefined) return Promise.reject(this.#error);
    const promise = new Promise<CachedPart>((resolve, reject) => {
      this.#asked = { resolve, reject };
    });
    this.#send(this.#nextRequest());
    return promise;
  }

  #nextRequest(): ToCache {
    return { kind: 'read', segment: this.#segment, from: this.#from };
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
