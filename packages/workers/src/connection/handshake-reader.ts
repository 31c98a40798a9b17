import { setTimeout as delay } from 'node:timers/promises';
import { type IndexerMessage, IndexerStreamDecoder } from '@ringest/codec';
import { ConnectionLoss } from '../connection-loss.js';
import { RECEIVE_BYTES } from '../ring/memory-layout.js';
import { deadline } from './deadline.js';

/** The most bytes that an indexer may send without being asked. */
const MAX_UNREAD = RECEIVE_BYTES;

/** Reads the messages of an indexer one at a time, during the handshake, while both sides take turns. */
export class HandshakeReader {
  readonly decoder = new IndexerStreamDecoder();
  /** Rejects when the connection is lost, or the indexer sends too much. */
  readonly failed: Promise<never>;
  #reject: (error: Error) => void = () => {};
  #mostUnread = MAX_UNREAD;
  #failure: Error | undefined;
  #wake: (() => void) | undefined;
  #pauseFailed: ((error: Error) => void) | undefined;

  constructor() {
    this.failed = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.failed.catch(() => {});
  }

  /** Takes in bytes. Fails when there are more than the indexer can need at this point. */
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

  /** The connection is lost: everything that waits rejects with this error. */
  fail(error: Error): void {
    this.#failure ??= error;
    this.#reject(error);
    this.#wake?.();
    this.#pauseFailed?.(error);
  }

  /** @throws the error that the connection is lost with, if it is */
  check(): void {
    if (this.#failure !== undefined) throw this.#failure;
  }

  /**
   * Waits for the next message, which must be of a kind. PONGs are skipped.
   * @param timeout milliseconds
   * @param mostBytes the most bytes of the message, beyond 64 KiB
   * @throws {ConnectionLoss} another message, no message in time, or the connection is lost
   * @throws {DecodeError}
   */
  async expect<Kind extends IndexerMessage['kind']>(
    kind: Kind,
    timeout: number,
    mostBytes = 0,
  ): Promise<Extract<IndexerMessage, { kind: Kind }>> {
    const end = performance.now() + timeout;
    this.#mostUnread = mostBytes + MAX_UNREAD;
    let isLate = false;
    for (;;) {
      const message = this.decoder.next();
      if (message === undefined) {
        if (isLate) throw late(kind);
        const left = end - performance.now();
        isLate = left <= 0;
        await this.#moreBytes(kind, left);
      } else if (message.kind === kind) {
        this.#mostUnread = MAX_UNREAD;
        return message as Extract<IndexerMessage, { kind: Kind }>;
      } else if (message.kind !== 'pong') {
        throw new ConnectionLoss(
          'protocol',
          `the indexer sent ${message.kind} where ${kind} is due`,
        );
      }
    }
  }

  /** Waits some milliseconds. Rejects when the connection is lost first. */
  async pause(milliseconds: number): Promise<void> {
    const over = new AbortController();
    // Not with `failed`: it would collect the handlers of all pauses while an indexer is never ready.
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
