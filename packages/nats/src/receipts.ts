import type { JsMsg } from '@nats-io/jetstream';
import { EntriesLostError } from '@ringest/core';

/** Messages that were written together, and wait for the same confirmation. */
interface Group {
  readonly messages: readonly JsMsg[];
  readonly bytes: number;
}

/** Acknowledges messages once their entries are confirmed, a group at a time. */
export class Receipts {
  readonly #barrier: () => Promise<void>;
  readonly #changed: () => void;
  readonly #failed: (error: Error) => void;
  readonly #groups = new Set<Group>();
  #messages = 0;
  #bytes = 0;
  #acknowledged = 0;
  #retried = 0;

  /**
   * @param barrier resolves once everything written before is confirmed
   * @param changed is called when there are fewer messages
   * @param failed is called when entries will not be confirmed
   */
  constructor(barrier: () => Promise<void>, changed: () => void, failed: (error: Error) => void) {
    this.#barrier = barrier;
    this.#changed = changed;
    this.#failed = failed;
  }

  /** Messages that are not acknowledged yet. */
  get messages(): number {
    return this.#messages;
  }

  /** Bytes that they take. */
  get bytes(): number {
    return this.#bytes;
  }

  get acknowledged(): number {
    return this.#acknowledged;
  }

  /** Messages that were given back, because their entries were dropped from a cache. */
  get retried(): number {
    return this.#retried;
  }

  /** Takes messages whose entries were all written before this call. */
  add(messages: readonly JsMsg[], bytes: number): void {
    const group = { messages, bytes };
    this.#groups.add(group);
    this.#messages += messages.length;
    this.#bytes += bytes;
    this.#barrier()
      .then(() => this.#acknowledge(group))
      .catch((error: Error) => this.#refuse(group, error));
  }

  /** Tells the server that the messages are still being worked on. */
  working(): void {
    for (const { messages } of this.#groups) for (const message of messages) message.working();
  }

  #acknowledge(group: Group): void {
    for (const message of group.messages) message.ack();
    this.#acknowledged += group.messages.length;
    this.#remove(group);
  }

  #refuse(group: Group, error: Error): void {
    if (error instanceof EntriesLostError) {
      // The stream still has them. Those that did arrive will arrive twice.
      for (const message of group.messages) message.nak();
      this.#retried += group.messages.length;
      this.#remove(group);
      return;
    }
    this.#failed(error);
  }

  #remove(group: Group): void {
    this.#groups.delete(group);
    this.#messages -= group.messages.length;
    this.#bytes -= group.bytes;
    this.#changed();
  }
}
