import { setTimeout as sleep } from 'node:timers/promises';
import type { Consumer, ConsumerMessages, JsMsg } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { limitsOf, type RequestLimits, type UsableConsumer } from './consumer.js';
import { isMissing } from './errors.js';

/** A request for messages ends after so long, and the next one begins. */
const REQUEST_MS = 5000;

/** How long a server is left in peace that did not answer a request, or refused it. */
const RETRY_MS = 200;

interface Host {
  readonly connection: NatsConnection;
  /** Takes a message. Returns whether there is room for another one. */
  take(message: JsMsg): boolean;
  /** A request brought an error, which may pass. */
  onTrouble(error: Error): void;
}

/** Asks for messages of a consumer. */
export class Requests {
  readonly #consumer: Consumer;
  readonly #host: Host;
  #limits: RequestLimits;
  #current: ConsumerMessages | undefined;
  #hasEnded = false;

  constructor({ consumer, info }: UsableConsumer, host: Host) {
    this.#consumer = consumer;
    this.#host = host;
    this.#limits = limitsOf(info);
  }

  /**
   * Asks once, and takes what comes. A server that is away, or slow, or refuses for now, is told of and left in peace.
   * @param most so many messages at most
   * @throws the consumer was deleted, or the connection is closed
   */
  async next(most: number): Promise<void> {
    try {
      await this.#ask(most);
    } catch (error) {
      await this.#recover(error as Error);
    }
  }

  /** Ends the current request, and asks no more. */
  end(): void {
    this.#hasEnded = true;
    this.#current?.stop();
  }

  async #ask(most: number): Promise<void> {
    const messages = await this.#consumer.fetch({
      max_messages: Math.min(most, this.#limits.maxMessages),
      expires: Math.min(REQUEST_MS, this.#limits.maxMs),
    });
    this.#current = messages;
    // Before now, it could not be ended.
    if (this.#hasEnded) messages.stop();
    for await (const message of messages) {
      if (!this.#host.take(message)) break;
    }
    const error = await messages.closed();
    if (error instanceof Error) throw error;
  }

  async #recover(error: Error): Promise<void> {
    const { connection, onTrouble } = this.#host;
    if (connection.isClosed() || isMissing(error)) throw error;
    if (this.#hasEnded) return;
    onTrouble(error);
    await sleep(RETRY_MS);
    try {
      // It may have other limits by now.
      this.#limits = limitsOf(await this.#consumer.info());
    } catch (problem) {
      if (isMissing(problem) || connection.isClosed()) throw problem;
    }
  }
}
