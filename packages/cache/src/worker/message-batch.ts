import type { MessagePort } from 'node:worker_threads';
import type { FromCache } from '../messages.js';

/**
 * What the cache's thread says. What it says of every block is sent once a turn: with small blocks,
 * a message of its own for each took most of the main thread's time (16 µs a block, and 5 so).
 */
export class MessageBatch {
  readonly #port: MessagePort;
  #said: FromCache[] = [];

  constructor(port: MessagePort) {
    this.#port = port;
  }

  /** @param transfer memory that the main thread gets */
  post(message: FromCache, transfer: ArrayBuffer[] = []): void {
    this.#said.push(message);
    if (!isOfEveryBlock(message)) this.#send(transfer);
    else if (this.#said.length === 1) setImmediate(() => this.#send([]));
  }

  #send(transfer: ArrayBuffer[]): void {
    if (this.#said.length > 0) this.#port.postMessage(this.#said, transfer);
    this.#said = [];
  }
}

/** If the thread dies before it is sent, no harm is done: the block is appended again. */
function isOfEveryBlock({ kind }: FromCache): boolean {
  return kind === 'appended' || kind === 'stored' || kind === 'size';
}
