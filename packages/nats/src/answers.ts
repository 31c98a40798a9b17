import { setTimeout as sleep } from 'node:timers/promises';
import { ClosedConnectionError, type NatsConnection } from '@nats-io/nats-core';
import { deliveriesOf } from './delivery.js';

const ACK = Buffer.from('+ACK');
const NAK = Buffer.from('-NAK');
const WORKING = Buffer.from('+WPI');
const TERM = Buffer.from('+TERM');

/** How long to wait after a connection was lost, before they are published again. */
const RETRY_MS = 200;

/** A message of which no entry could be made comes again after a second, and after twice as long each time. */
const FIRST_DELAY_MS = 1000;
const NANOSECONDS = 1_000_000;

interface Listeners {
  /** The server has the acknowledgements of so many messages. */
  acknowledged(count: number): void;
  /** The connection was closed before. */
  failed(error: Error): void;
}

/**
 * Tells the server what has become of messages, each named by the subject for its acknowledgement. What is published
 * while the connection is lost goes nowhere: acknowledgements are published until the server has them.
 */
export class Answers {
  readonly #connection: NatsConnection;
  readonly #ackWaitMs: number;
  readonly #listeners: Listeners;
  /** The client never ends a flush that a `close` of the connection has overtaken. */
  readonly #closed: Promise<void>;
  #unheard = 0;
  /** Whether anything was told but acknowledgements. */
  #hasOthers = false;

  constructor(connection: NatsConnection, ackWaitMs: number, listeners: Listeners) {
    this.#connection = connection;
    this.#ackWaitMs = ackWaitMs;
    this.#listeners = listeners;
    this.#closed = this.#close();
  }

  /** Messages whose acknowledgement the server may not have. */
  get unheard(): number {
    return this.#unheard;
  }

  acknowledge(replies: readonly string[]): void {
    this.#unheard += replies.length;
    void this.#deliver(replies);
  }

  /** Gives messages back, for this or another process. */
  giveBack(replies: readonly string[]): void {
    this.#publishAll(NAK, replies);
    this.#hasOthers = true;
  }

  /** Gives a message back, for later: the longer, the more often it was delivered. */
  giveBackForLater(reply: string): void {
    const delay = Math.min(this.#ackWaitMs, FIRST_DELAY_MS * 2 ** (deliveriesOf(reply) - 1));
    this.#publish(`-NAK {"delay":${Math.ceil(delay * NANOSECONDS)}}`, reply);
    this.#hasOthers = true;
  }

  terminate(reply: string): void {
    this.#publish(TERM, reply);
    this.#hasOthers = true;
  }

  /** Messages are being worked on. */
  working(replies: readonly string[]): void {
    this.#publishAll(WORKING, replies);
  }

  /** Resolves once the server has heard of all, or cannot: it delivers again what it has not heard of. */
  async sent(): Promise<void> {
    const isHeard = !this.#hasOthers && this.#unheard === 0;
    if (isHeard || this.#connection.isClosed()) return;
    await Promise.race([this.#closed, this.#connection.flush().catch(() => {})]);
  }

  async #close(): Promise<void> {
    const error = await this.#connection.closed();
    if (this.#unheard > 0) this.#listeners.failed(error || new ClosedConnectionError());
  }

  async #deliver(replies: readonly string[]): Promise<void> {
    for (let isHeard = false; !isHeard; ) {
      try {
        this.#publishAll(ACK, replies);
        // The server has handled what came before, once it answers.
        await this.#connection.flush();
        isHeard = true;
      } catch {
        // `#close` tells the listener.
        if (this.#connection.isClosed()) return;
        await sleep(RETRY_MS);
      }
    }
    this.#unheard -= replies.length;
    this.#listeners.acknowledged(replies.length);
  }

  #publishAll(payload: Uint8Array | string, replies: readonly string[]): void {
    for (const reply of replies) this.#publish(payload, reply);
  }

  #publish(payload: Uint8Array | string, reply: string): void {
    if (!this.#connection.isClosed()) this.#connection.publish(reply, payload);
  }
}
