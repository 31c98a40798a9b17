import { setTimeout as delay } from 'node:timers/promises';
import { type IndexerMessage, IndexerStreamDecoder } from '@ringest/codec';
import { ConnectionLoss } from '../connection-loss.js';
import { RECEIVE_BYTES } from '../ring/memory-layout.js';
import { deadline } from './deadline.js';

/** Bytes that an indexer may say before they are asked for: what a stream can begin with. */
const MOST_UNREAD = RECEIVE_BYTES;

/** Messages of an indexer, one at a time, while both sides still take turns. */
export class HandshakeReader {
  readonly decoder = new IndexerStreamDecoder();
  /** Rejects with what has become of the connection: it is gone, or says too much. */
  readonly failed: Promise<never>;
  #reject: (error: Error) => void = () => {};
  #mostUnread = MOST_UNREAD;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #pauseFailed: ((error: Error) => void) | undefined;

  constructor() {
    this.failed = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.failed.catch(() => {});
  }

  /** Takes in bytes, unless they are more than an indexer can have to say at this point. */
  received(chunk: Uint8Array): void {
    if (this.#failure !== undefined) return;
    if (this.decoder.unreadBytes + chunk.length > this.#mostUnread) {
      this.fail(
        new ConnectionLoss('protocol', 'the indexer says too much before anything is sent to it'),
      );
      return;
    }
    this.decoder.push(chunk);
    this.#wake?.();
  }

  /** The connection is gone: whoever waits fails with this. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#reject(error);
    this.#wake?.();
    this.#pauseFailed?.(error);
  }

  /** @throws what the connection has failed with, if it has */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * The next message, which must be of a kind; PONGs are passed over.
   * @param timeout milliseconds
   * @param mostBytes that it may have, and a little more
   * @throws {ConnectionLoss} another message, no message in time, or the connection is gone
   * @throws {DecodeError}
   */
  async expect<Kind extends IndexerMessage['kind']>(
    kind: Kind,
    timeout: number,
    mostBytes = 0,
  ): Promise<Extract<IndexerMessage, { kind: Kind }>> {
    const deadline = performance.now() + timeout;
    this.#mostUnread = mostBytes + MOST_UNREAD;
    let isLate = false;
    for (;;) {
      const message = this.decoder.next();
      if (message === undefined) {
        if (isLate) throw late(kind);
        const left = deadline - performance.now();
        isLate = left <= 0;
        await this.#moreBytes(kind, left);
      } else if (message.kind === kind) {
        this.#mostUnread = MOST_UNREAD;
        return message as Extract<IndexerMessage, { kind: Kind }>;
      } else if (message.kind !== 'pong') {
        throw new ConnectionLoss(
          'protocol',
          `the indexer sent ${message.kind} where ${kind} is due`,
        );
      }
    }
  }

  /** Waits, unless the connection is gone before. */
  async pause(milliseconds: number): Promise<void> {
    const over = new AbortController();
    // Not by `failed`, which would remember every pause of an indexer that is never ready.
    const gone = new Promise<never>((_, reject) => {
      this.#pauseFailed = reject;
    });
    try {
      this.check();
      await Promise.race([delay(milliseconds, undefined, { signal: over.signal }), gone]);
    } finally {
      over.abort();
      this.#pauseFailed = undefined;
    }
  }

  #moreBytes(awaited: string, timeout: number): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#failure !== undefined) return reject(this.#failure);
      const callOff = deadline(timeout, () => {
        this.#wake = undefined;
        reject(late(awaited));
      });
      this.#wake = () => {
        callOff();
        this.#wake = undefined;
        if (this.#failure === undefined) resolve();
        else reject(this.#failure);
      };
    });
  }
}

function late(awaited: string): ConnectionLoss {
  return new ConnectionLoss('timeout', `the indexer did not send its ${awaited} in time`);
}
