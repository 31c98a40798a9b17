import { messageOf } from '@ringest/codec';
import { DittoError } from '@ringest/core';
import { DittoRefusedError, type EntryRun } from '@ringest/indexer';

/**
 * The ditto blocks (§10) of one connection. Each is gathered until it is whole, and they are sent one after the
 * other. Several may have arrived before the first of them can be sent.
 */
export class DittoBlocks {
  readonly #send: (frames: readonly Buffer[]) => Promise<void>;
  readonly #maxBytes: number;
  /** The frames of the block that is being received; `undefined`: they are too many. */
  #frames: Buffer[] | undefined = [];
  #bytes = 0;
  /** Blocks that are whole and not sent, first in, first out. */
  readonly #whole: (readonly Buffer[] | undefined)[] = [];
  /** The end of the last block that is to be sent; `undefined`: none is on its way. */
  #end: Promise<void> | undefined;

  /** @param maxBytes the most bytes of frames in a block */
  constructor(send: (frames: readonly Buffer[]) => Promise<void>, maxBytes: number) {
    this.#send = send;
    this.#maxBytes = maxBytes;
  }

  /** Keeps entries of a block. No more should be read while the promise is pending: an earlier block is on its way. */
  gather({ frames, isDittoEnd }: EntryRun): Promise<void> | undefined {
    this.#bytes += frames.length;
    if (this.#bytes > this.#maxBytes) this.#frames = undefined;
    this.#frames?.push(Buffer.from(frames));
    if (isDittoEnd) {
      this.#whole.push(this.#frames);
      this.#frames = [];
      this.#bytes = 0;
    }
    return this.#end;
  }

  /**
   * Sends the first block that is whole, after those before it.
   * @param entries how many it has
   * @throws {DittoRefusedError} it has too many bytes
   * @returns a promise that rejects with a `DittoRefusedError` if no indexer has the block
   */
  sendNext(entries: number): Promise<void> {
    if (entries === 0) return Promise.resolve();
    const frames = this.#whole.shift();
    if (frames === undefined) {
      throw new DittoRefusedError(`its ${entries} entries have more than ${this.#maxBytes} bytes`);
    }
    const before = this.#end ?? Promise.resolve();
    const sent = before.then(() => this.#send(frames)).catch(refuse);
    const over = () => {
      if (this.#end === end) this.#end = undefined;
    };
    const end = sent.then(over, over);
    this.#end = end;
    return sent;
  }
}

/** A block that no indexer has is refused. One that an indexer may have ends the connection: nobody knows. */
function refuse(error: unknown): never {
  // Every other error comes before anything is sent.
  if (error instanceof DittoError && error.mayBeStored) throw error;
  throw new DittoRefusedError(messageOf(error), 1, { cause: error });
}
